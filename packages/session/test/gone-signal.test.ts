import { once } from 'node:events'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { goneSignal } from '../src/gone-signal.ts'
import { until } from './kit/reader.ts'

async function post(): Promise<{ response: ServerResponse; leave: () => void }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const client = request({ port, host: '127.0.0.1', method: 'POST' }).on('error', () => undefined)
  client.end('the body')
  const [incoming, response] = (await once(server, 'request')) as [NodeJS.ReadableStream, never]
  onTestFinished(() => {
    client.destroy()
    server.close()
  })
  incoming.resume()
  await once(incoming, 'close')
  return { response, leave: () => client.destroy() }
}

it('is aborted when the reader goes, and not when its body was read', async () => {
  const { response, leave } = await post()
  const signal = goneSignal({ res: response })!
  expect(signal.aborted).toBe(false)
  leave()
  await until(() => signal.aborted)
  expect(goneSignal({ res: response })!.aborted).toBe(true)
})

it('is not there without a response of Node', () => {
  expect(goneSignal(undefined)).toBeUndefined()
})
