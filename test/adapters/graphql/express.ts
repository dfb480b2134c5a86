import { createServer } from 'node:http'
import { createNodeHandler } from '@heartline/graphql/node'
import compression from 'compression'
import cors from 'cors'
import express from 'express'
import helmet from 'helmet'
import { ORIGIN } from '../target.ts'
import { listen } from '../targets/listen.ts'
import type { GraphqlTarget } from './target.ts'

export const expressTargets: readonly GraphqlTarget[] = [
  {
    name: 'Express 5',
    http: 1,
    start: async (options) => {
      const app = express()
      app.use(compression({ threshold: 0 }), cors({ origin: ORIGIN }), helmet(), express.json())
      // #region mount
      const graphql = createNodeHandler(options)
      app.use('/graphql', (request, response) => graphql(request, response))
      // #endregion
      return { graphql, ...(await listen(createServer(app))) }
    },
  },
]
