import type { AddressInfo } from 'node:net'
import { stream } from '@heartline/fastify'
import { fastify } from 'fastify'
import { expect, it, onTestFinished } from 'vitest'
import { sleep, until } from '../../packages/session/test/kit/reader.ts'
import { Client } from './client.ts'
import { describeAdapters } from './conformance.ts'
import { fastifyTargets } from './targets/fastify.ts'

describeAdapters(fastifyTargets)

it('Fastify leaves the reply to the stream: what is sent late changes nothing', async () => {
  const app = fastify()
  const sent: boolean[] = []
  const hooks: string[] = []
  app.addHook('onSend', async (request) => void hooks.push(request.url))
  const feed = stream((session) => {
    setTimeout(() => session.send({ data: 'later' }), 100)
  })
  app.get('/', async (request, reply) => {
    sent.push(reply.sent)
    const result = await feed(request, reply)
    sent.push(reply.sent)
    await reply.send('too late')
    return result
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = new Client(1, (app.server.address() as AddressInfo).port, { path: '/' })
  onTestFinished(async () => {
    client.leave()
    await app.close()
  })
  await until(() => client.data.includes('later'))
  await sleep(50)
  expect(sent).toEqual([false, true])
  expect(hooks).toEqual([])
  expect(client.isGone).toBe(false)
  expect(client.received.text).not.toContain('too late')
})
