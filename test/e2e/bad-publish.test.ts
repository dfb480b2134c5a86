import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { httpCall, postJson, type HttpAnswer } from '../kit/http-call.ts'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { Probe } from '../kit/probe.ts'
import { expectProblem } from '../kit/problem.ts'
import { openRawSocket } from '../kit/raw-socket.ts'
import { RawReader } from '../kit/reader-raw.ts'
import type { ReceivedEvent } from '../kit/reader.ts'
import { waitFor } from '../kit/wait-for.ts'

let hub: HubProcess
let probe: Probe

beforeAll(async () => {
  hub = await startHub()
  probe = await Probe.open(hub)
})

afterAll(async () => {
  await hub.stop()
  await probe.close()
})

let expectedStored = 0

afterEach(async () => {
  expect(await probe.storedSince(), 'events stored by a refused publish').toBe(expectedStored)
  expect(probe.connects, 'streams of a bystander').toBe(1)
  expectedStored = 0
})

const post = (body: unknown, headers?: Record<string, string>): Promise<HttpAnswer> =>
  postJson(`${hub.url}/v1/events`, body, headers)

const postLines = (lines: string | Uint8Array): Promise<HttpAnswer> =>
  httpCall(`${hub.url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines,
  })

const event = (fields: Record<string, unknown>): Record<string, unknown> => ({
  topic: 'bad',
  data: 'x',
  ...fields,
})

/** Any topic, any field: what is wrong, what is sent, status and code. */
const refusedEvents: [string, unknown, number, string][] = [
  ['an unknown field', event({ tpoic: 'a' }), 400, 'HL_EVENT_FIELD_UNKNOWN'],
  [
    'an unknown prototype field',
    '{"topic":"bad","data":1,"__proto__":{"x":1}}',
    400,
    'HL_EVENT_FIELD_UNKNOWN',
  ],
  ['a field named constructor', event({ constructor: {} }), 400, 'HL_EVENT_FIELD_UNKNOWN'],
  ['no data', { topic: 'bad' }, 400, 'HL_EVENT_INVALID'],
  ['no topic', { data: 'x' }, 400, 'HL_TOPIC_INVALID'],
  ['a text', '"x"', 400, 'HL_EVENT_INVALID'],
  ['null', 'null', 400, 'HL_EVENT_INVALID'],
  ['half a JSON text', '{"topic":"bad","data":', 400, 'HL_JSON_INVALID'],
  ['two JSON texts', '{"topic":"bad","data":1}{}', 400, 'HL_JSON_INVALID'],
  ['an empty body', '', 400, 'HL_JSON_INVALID'],
  [
    'deep nesting',
    `{"topic":"bad","data":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    400,
    'HL_JSON_TOO_DEEP',
  ],
  ['an empty topic', event({ topic: '' }), 400, 'HL_TOPIC_INVALID'],
  ['a number as topic', event({ topic: 7 }), 400, 'HL_TOPIC_INVALID'],
  ['a topic with CR LF', event({ topic: 'a\r\nid: 1' }), 400, 'HL_TOPIC_INVALID'],
  ['a topic with NUL', event({ topic: 'a\u0000' }), 400, 'HL_TOPIC_INVALID'],
  ['a topic with a C1 control', event({ topic: 'a\u0085b' }), 400, 'HL_TOPIC_INVALID'],
  ['a topic with half a character', '{"topic":"a\\ud800","data":1}', 400, 'HL_TOPIC_INVALID'],
  ['a topic of 257 characters', event({ topic: 'a'.repeat(257) }), 400, 'HL_TOPIC_INVALID'],
  ['a selector as topic', event({ topic: 'a/*' }), 400, 'HL_TOPIC_INVALID'],
  ['topic and topics', event({ topics: ['a'] }), 400, 'HL_EVENT_INVALID'],
  ['no topic in topics', { topics: [], data: 1 }, 400, 'HL_EVENT_INVALID'],
  [
    '17 topics',
    { topics: Array.from({ length: 17 }, (_, n) => `t${n}`), data: 1 },
    400,
    'HL_EVENT_INVALID',
  ],
  ['a type with LF', event({ type: 'a\ndata: evil' }), 400, 'HL_EVENT_INVALID'],
  ['a type with CR', event({ type: 'a\rdata: evil' }), 400, 'HL_EVENT_INVALID'],
  ['a type with NUL', event({ type: 'a\u0000' }), 400, 'HL_EVENT_INVALID'],
  ['a list as type', event({ type: ['a\ndata: evil'] }), 400, 'HL_EVENT_INVALID'],
  ['a reserved type', event({ type: 'heartline.gap' }), 400, 'HL_EVENT_TYPE_RESERVED'],
  ['a key with LF', event({ key: 'a\nb' }), 400, 'HL_EVENT_INVALID'],
  ['a publish id with LF', event({ publishId: 'a\nid: 1' }), 400, 'HL_EVENT_INVALID'],
  [
    'a publish id of 129 characters',
    event({ publishId: 'a'.repeat(129) }),
    400,
    'HL_EVENT_INVALID',
  ],
  ['a text as retry', event({ retry: '1\ndata: evil' }), 400, 'HL_EVENT_INVALID'],
  ['a negative retry', event({ retry: -1 }), 400, 'HL_EVENT_INVALID'],
  ['a text as private', event({ private: 'no' }), 400, 'HL_EVENT_INVALID'],
]

describe('a publish is refused, and nothing is stored, when the event', () => {
  it.each(refusedEvents)('has or is %s', async (_, body, status, code) => {
    expectProblem(await post(body), status, code)
  })

  it.each(refusedEvents.filter(([, body]) => typeof body === 'object'))(
    'has %s and stands in a list between good ones',
    async (_, body, status, code) => {
      const problem = expectProblem(await post([event({}), body, event({})]), status, code)
      expect(problem['index']).toBe(1)
    },
  )
})

describe('a publish is refused, and nothing is stored, when the body', () => {
  it('is not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"topic":"bad","data":"'),
      Buffer.of(0xc3, 0x28, 0x22, 0x7d),
    ])
    const headers = { 'content-type': 'application/json' }
    const answer = await httpCall(`${hub.url}/v1/events`, { method: 'POST', headers, body: bytes })
    expectProblem(answer, 400, 'HL_UTF8_INVALID')
  })

  it('has 2 MB', async () => {
    expectProblem(await post(event({ data: 'x'.repeat(2_000_000) })), 413, 'HL_BODY_TOO_LARGE')
  })

  it('has 2 MB that it does not announce', async () => {
    const client = await openRawSocket(hub.port)
    client.send('POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n')
    client.send('Transfer-Encoding: chunked\r\n\r\n')
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    for (let sent = 0; sent < 2_000_000; sent += 65_536) client.send(chunk)
    await waitFor(() => client.received.includes('HL_BODY_TOO_LARGE'), { what: 'it is refused' })
    expect(client.received).toMatch(/^HTTP\/1\.1 413 /)
    client.close()
  })

  it('ends before it is complete', async () => {
    const client = await openRawSocket(hub.port)
    client.send('POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n')
    client.send('Content-Length: 100\r\n\r\n{"topic":"bad","data":"x"}')
    await new Promise((resolve) => setTimeout(resolve, 50))
    client.close()
  })

  it.each([
    ['text/plain', 'HL_CONTENT_TYPE'],
    ['application/json; charset=latin1', 'HL_CONTENT_TYPE'],
    ['application/x-www-form-urlencoded', 'HL_CONTENT_TYPE'],
  ])('is said to be %s', async (type, code) => {
    expectProblem(await post(event({}), { 'content-type': type }), 415, code)
  })

  it('is compressed', async () => {
    const answer = await post(event({}), { 'content-encoding': 'gzip' })
    expectProblem(answer, 415, 'HL_CONTENT_ENCODING')
  })

  it.each([
    ['with a space', 'a b', 'HL_EVENT_INVALID'],
    ['that is too long', 'a'.repeat(129), 'HL_EVENT_INVALID'],
  ])('comes with an Idempotency-Key %s', async (_, key, code) => {
    expectProblem(await post(event({}), { 'idempotency-key': key }), 400, code)
  })

  it('is a list and comes with an Idempotency-Key', async () => {
    const answer = await post([event({})], { 'idempotency-key': 'one' })
    expectProblem(answer, 400, 'HL_IDEMPOTENCY_KEY')
  })
})

describe('of lines (NDJSON) with a bad one, those before it are stored and told, none after it', () => {
  const good = (n: number): string => JSON.stringify(event({ data: `line ${n}` }))
  const bad: [string, string | Buffer, number, string][] = [
    ['that is broken', '{"topic":', 400, 'HL_JSON_INVALID'],
    ['with an unknown field', JSON.stringify(event({ nope: 1 })), 400, 'HL_EVENT_FIELD_UNKNOWN'],
    ['with a bad topic', JSON.stringify(event({ topic: 'a\n' })), 400, 'HL_TOPIC_INVALID'],
    ['that is not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'HL_UTF8_INVALID'],
    ['that is too long', `{"data":"${'x'.repeat(1_100_000)}"}`, 413, 'HL_LINE_TOO_LONG'],
  ]

  it.each(bad)('%s', async (_, line, status, code) => {
    const lines = [good(1), good(2), line, good(4)].flatMap((text) => [
      Buffer.from(text),
      Buffer.from('\n'),
    ])
    const answer = await postLines(Buffer.concat(lines))
    expect(answer.status).toBe(status)
    const body = JSON.parse(answer.text) as { results: unknown[]; error: Record<string, unknown> }
    expect(body.results).toHaveLength(2)
    expect(body.error).toMatchObject({ line: 3, code })
    expectedStored = 2
  })
})

describe('what cannot be a field injection', () => {
  it.each([
    'a\nid: 1\nevent: evil\n\ndata: b',
    'a\r\nid: 1\r\n\r\ndata: evil',
    'a\r\rdata: evil\r\r',
    '\n\n\n',
    ': comment',
    ' a leading space',
    '\uFEFFa byte order mark',
  ])('data %j arrives as one event with the same lines', async (data) => {
    const seen: ReceivedEvent[] = []
    const reader = new RawReader(
      { url: `${hub.url}/v1/events?topic=lines` },
      { onEvent: (received) => seen.push(received) },
    )
    await waitFor(() => reader.connects === 1, { what: 'the stream is open' })
    const answer = await post({ topic: 'lines', data, type: 'kind' })
    const { id } = JSON.parse(answer.text) as { id: string }
    expect((await post({ topic: 'lines', data: 'end' })).status).toBe(201)
    await waitFor(() => seen.at(-1)?.data === 'end', { what: 'the end arrives' })
    await reader.close()
    const events = seen.filter(({ type }) => !type.startsWith('heartline.'))
    expect(events).toHaveLength(2)
    expect(events[0]).toEqual({ id, type: 'kind', data: data.replace(/\r\n?/g, '\n') })
    expectedStored = 2
  })
})

describe('a request is refused with a problem document when', () => {
  it.each([
    ['the path is unknown', 'GET /v1/nothing', 404, 'HL_NOT_FOUND'],
    ['the method is unknown', 'PUT /v1/events', 405, 'HL_METHOD_NOT_ALLOWED'],
    ['the session is unknown', 'GET /v1/sessions/nobody', 404, 'HL_SESSION_UNKNOWN'],
    ['a number of the query is none', 'GET /v1/history?topic=a&limit=x', 400, 'HL_QUERY_INVALID'],
  ])('%s', async (_, line, status, code) => {
    const [method, path] = line.split(' ')
    expectProblem(await httpCall(`${hub.url}${path}`, { method }), status, code)
  })

  it.each([
    [
      'request line',
      `GET /v1/events?topic=${'a'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      'HL_URL_TOO_LONG',
      414,
    ],
    [
      'header',
      `GET /v1/events?topic=a HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`,
      'HL_HEADERS_TOO_LARGE',
      431,
    ],
  ])('its %s has 100 KB', async (_, head, code, status) => {
    const client = await openRawSocket(hub.port)
    client.send(head)
    await waitFor(() => client.received.includes('\r\n\r\n{'), {
      what: 'it is answered',
      report: () => client.received,
    })
    client.close()
    expect(client.received).toContain(`"code":"${code}"`)
    expect(client.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(client.received.toLowerCase()).toContain('content-type: application/problem+json')
  })

  it('it is not HTTP', async () => {
    const client = await openRawSocket(hub.port)
    client.send('HELLO\r\n\r\n')
    await waitFor(() => client.received.includes('HL_REQUEST_MALFORMED'), { what: 'it is refused' })
    await waitFor(() => client.isClosed, { what: 'the connection is closed' })
  })
})
