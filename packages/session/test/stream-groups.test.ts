import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, onTestFinished } from 'vitest'
import { createStreamListener, type SessionMonitor } from '../src/index.ts'
import { http1Client } from './kit/clients.ts'
import { until } from './kit/reader.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** A server whose every stream has a monitor of its own, which the test knows weakly. */
async function serve(): Promise<{
  readonly port: number
  readonly monitors: WeakRef<SessionMonitor>[]
  readonly ends: string[]
  readonly server: http.Server
}> {
  const monitors: WeakRef<SessionMonitor>[] = []
  const ends: string[] = []
  const server = http.createServer((request, response) => {
    const monitor: SessionMonitor = { onEnd: (_, { reason }) => void ends.push(reason) }
    monitors.push(new WeakRef(monitor))
    createStreamListener(() => {}, { monitor })(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, monitors, ends, server }
}

it('A server keeps no monitor that is made for one stream', async () => {
  const { port, monitors, ends } = await serve()
  for (let i = 0; i < 40; i++) {
    const client = http1Client(port, false)
    await until(() => client.received.text.includes('retry'))
    client.leave()
    await until(() => ends.length === i + 1)
  }
  const kept = (): number => {
    collectGarbage()
    return monitors.filter((monitor) => monitor.deref() !== undefined).length
  }
  // Those of the newest sessions are remembered, since the next ones are mostly like them.
  await until(() => kept() < 20)
})

it('A server ends the streams of every monitor', async () => {
  const { port, ends, server } = await serve()
  const clients = Array.from({ length: 3 }, () => http1Client(port, false))
  await until(() => clients.every(({ received }) => received.text.includes('retry')))
  collectGarbage()
  server.close()
  await until(() => ends.length === 3)
  expect(ends).toEqual(['drained', 'drained', 'drained'])
  await until(() => clients.every(({ finished }) => finished))
})
