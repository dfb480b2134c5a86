import { once } from 'node:events'
import { connect, type Server } from 'node:net'
import { serve } from '@hono/node-server'
import { createMemoryBroker } from '@heartline/broker'
import { createFetchHandler, createHub } from '@heartline/hub'
import { expect, it, onTestFinished } from 'vitest'
import { until } from '../../packages/session/test/kit/reader.ts'
import { describeAdapters } from './conformance.ts'
import { honoTargets } from './targets/hono.ts'

describeAdapters(honoTargets)

it('The server of Hono has a plain handler of a hub keep nothing of readers that pipeline', async () => {
  let opened = 0
  const hub = await createHub({ broker: createMemoryBroker() })
  const handler = createFetchHandler(hub, {
    authorize: () => {
      opened++
      return {}
    },
  })
  const server = serve({ fetch: handler, port: 0, hostname: '127.0.0.1' }) as Server
  onTestFinished(async () => {
    server.close()
    await hub.close()
  })
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined).resume()
  onTestFinished(() => void socket.destroy())
  socket.write('GET /?topic=a HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3))
  await until(() => opened === 3)
  socket.destroy()
  const ended = (): number => Object.values(hub.stats().ended).reduce((all, n) => all + n, 0)
  await until(() => ended() === 3)
  expect(hub.stats().sessions).toBe(0)
})
