import { createMemoryBroker, brokerErrors } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { afterEach, describe, expect, it } from 'vitest'
import type { HeartlineServer } from '../../src/server.ts'
import { Talker } from '../door/talker.ts'
import { bearer, call, eventually, post, raw, start, startGuarded } from '../kit.ts'

const talkers: Talker[] = []
afterEach(() => {
  for (const talker of talkers.splice(0)) talker.socket.destroy()
})

async function talkTo(server: HeartlineServer): Promise<Talker> {
  const talker = await Talker.to(Number(new URL(server.url).port))
  talkers.push(talker)
  return talker
}

async function ask(server: HeartlineServer, text: string): Promise<string> {
  const talker = await talkTo(server)
  await talker.send([Buffer.from(text)])
  return (await talker.answer(false, true)) ?? ''
}

function publishText(body: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({ 'content-type': 'application/json', ...headers })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const length = Buffer.byteLength(body)
  return `POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n${head}Content-Length: ${length}\r\n\r\n${body}`
}

async function doorCounts(server: HeartlineServer): Promise<Record<string, number>> {
  const { text } = await call(server, '/metrics')
  const lines = text.matchAll(/^heartline_front_door_requests_total\{outcome="([^"]+)"\} (\d+)$/gm)
  return Object.fromEntries([...lines].map(([, outcome, count]) => [outcome, Number(count)]))
}

it('counts what it answered and what it handed over', async () => {
  const server = await start({ frontDoor: 'on' })
  await ask(server, publishText('{"topic":"a","data":1}'))
  await raw(server, 'GET /v1/events?topic=a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n', 'retry:')
  await ask(server, publishText('{"topic":"a"}'))
  // The scrape itself is the second that is handed over.
  expect(await doorCounts(server)).toEqual({ publish: 1, stream: 1, 'handed-over': 2 })
  const { text } = await call(server, '/metrics')
  const requests = 'heartline_http_requests_total{route="/v1/events"'
  expect(text).toContain(`${requests},method="POST",status="201"} 1`)
  expect(text).toContain(`${requests},method="GET",status="200"} 1`)
  expect(text).toContain(`${requests},method="POST",status="400"} 1`)
})

it('is not there when it is switched off', async () => {
  const server = await start({ frontDoor: 'off' })
  expect((await post(server, { topic: 'a', data: 1 })).status).toBe(201)
  expect(await doorCounts(server)).toEqual({})
})

describe('with and without it, the answer is the same', () => {
  const event = '{"topic":"a","data":{"x":[1]},"publishId":"p"}'
  const list = '[{"topic":"a","data":1},{"topic":"b","data":2}]'
  it.each<[string, string, Record<string, string>]>([
    ['an event', event, {}],
    ['an event with a key', '{"topic":"a","data":1}', { 'idempotency-key': 'k' }],
    ['a list', list, { origin: 'https://app.example' }],
    ['an empty list', '[]', {}],
    ['a foreign page', event, { origin: 'https://evil.example' }],
    ['a charset', event, { 'content-type': 'application/json; charset=UTF-8' }],
    ['a byte order mark', `\uFEFF${event}`, {}],
    ['an encoding', event, { 'content-encoding': 'gzip' }],
    ['another type', event, { 'content-type': 'text/plain' }],
    ['lines', event, { 'content-type': 'application/x-ndjson' }],
    ['no JSON', '{"topic":', {}],
    ['an unknown field', '{"topic":"a","data":1,"x":1}', {}],
    ['a second bad event', '[{"topic":"a","data":1},{"topic":"*","data":2}]', {}],
    ['no token', event, { authorization: '' }],
    ['a bad token', event, { authorization: 'Bearer x.y.z' }],
    ['no right', '{"topic":"secret","data":1}', {}],
  ])('%s', async (_, body, headers) => {
    const given = { ...(await bearer({ publish: ['a', 'b'] })), ...headers }
    const answers = await Promise.all(
      ['on', 'off'].map(async (frontDoor) => {
        const cors = { origins: ['https://app.example'], credentials: true }
        const server = await startGuarded({ frontDoor, cors }, { broker: fixedBroker() })
        const first = plain(await ask(server, publishText(body, given)))
        return [first, plain(await ask(server, publishText(body, given)))]
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]?.[0]).toMatch(/^HTTP\/1\.1 [24]\d\d /)
  })
})

/** After a refusal the connection is closed unless its body has been read by then. */
function plain(answer: string): string {
  if (!answer.startsWith('HTTP/1.1 4')) return answer
  return answer.replaceAll(/\r\n(connection|keep-alive): [^\r]*/gi, '')
}

/** A log whose positions do not depend on the time. */
function fixedBroker(): ReturnType<typeof createMemoryBroker> {
  return createMemoryBroker({ epoch: 'fixed', now: () => 1_700_000_000_000 })
}

it('answers what failed after it was tried as node:http would', async () => {
  const answers = await Promise.all(
    ['on', 'off'].map(async (frontDoor) => {
      const broker = createMemoryBroker()
      broker.append = async () => {
        throw new HeartlineError(brokerErrors.ambiguous)
      }
      const server = await start({ frontDoor }, { broker, random: () => 0 })
      const answer = await ask(server, publishText('{"topic":"a","data":1}'))
      return { answer, counts: await doorCounts(server) }
    }),
  )
  const [on, off] = answers
  expect(on?.answer).toBe(off?.answer)
  expect(on?.answer).toContain('HL_BROKER_AMBIGUOUS')
  expect(on?.counts).toMatchObject({ publish: 1 })
})

it('opens streams with the headers that node:http gives', async () => {
  const heads = await Promise.all(
    ['on', 'off'].map(async (frontDoor) => {
      const cors = { origins: ['https://app.example'] }
      const server = await start({ frontDoor, cors }, { random: () => 0 })
      const lines = 'Host: 127.0.0.1\r\nOrigin: https://app.example\r\nAccept: text/event-stream'
      const { text } = await raw(
        server,
        `GET /v1/events?topic=a HTTP/1.1\r\n${lines}\r\n\r\n`,
        'retry:',
      )
      const head = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n')
      return head.map((line) => line.replace(/^(date|heartline-session): .*/i, '$1')).sort()
    }),
  )
  expect(heads[0]?.map((line) => line.toLowerCase())).toEqual(
    heads[1]?.map((line) => line.toLowerCase()),
  )
})

it('reads the next request on a connection whose stream has ended', async () => {
  const server = await start({ frontDoor: 'on' })
  const talker = await talkTo(server)
  await talker.send([Buffer.from('GET /v1/events?topic=a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')])
  await eventually(() => server.hub.stats().sessions === 1)
  const [session] = server.hub.sessions()
  server.hub.endSession(session?.id ?? '', { reconnect: true })
  let text = ''
  talker.socket.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await eventually(() => text.includes('0\r\n\r\n'))
  await talker.send([Buffer.from(publishText('{"topic":"a","data":1}'))])
  await eventually(() => text.includes('HTTP/1.1 201 Created'))
  expect(await doorCounts(server)).toEqual({ stream: 1, publish: 1, 'handed-over': 1 })
})

it('gives a reader with a ticket to node:http, so that the ticket is used once', async () => {
  const server = await startGuarded({ frontDoor: 'on' })
  const answer = await call(server, '/v1/tickets', { method: 'POST', headers: await bearer() })
  const target = `/v1/events?topic=a&ticket=${answer.json.ticket}`
  const { text } = await raw(server, `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`, 'retry:')
  expect(text).toContain('200 OK')
  expect((await doorCounts(server))['stream']).toBeUndefined()
})
