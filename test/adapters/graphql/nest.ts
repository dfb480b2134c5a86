import 'reflect-metadata'
import type { AddressInfo, Server } from 'node:net'
import { createNodeHandler } from '@heartline/graphql/node'
import type { NodeRequest, NodeResponse } from '@heartline/session'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import type { NestExpressApplication } from '@nestjs/platform-express'
import compression from 'compression'
import helmet from 'helmet'
import { ORIGIN } from '../target.ts'
import type { GraphqlTarget } from './target.ts'

class ApplicationModule {}
Module({})(ApplicationModule)

export const nestTargets: readonly GraphqlTarget[] = [
  {
    name: 'Nest on Express',
    http: 1,
    start: async (options) => {
      const app = await NestFactory.create<NestExpressApplication>(ApplicationModule, {
        logger: false,
      })
      app.enableCors({ origin: ORIGIN })
      app.use(compression({ threshold: 0 }), helmet())
      app.useBodyParser('json')
      const graphql = createNodeHandler(options)
      app.use('/graphql', (request: NodeRequest, response: NodeResponse) =>
        graphql(request, response),
      )
      await app.listen(0, '127.0.0.1')
      const server = app.getHttpServer() as Server
      return {
        graphql,
        port: (server.address() as AddressInfo).port,
        close: () => app.close(),
      }
    },
  },
]
