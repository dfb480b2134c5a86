import { expect, onTestFinished, test } from 'vitest'
import { createReader, type Reader, type ReaderEvent, type ReaderOptions } from '../src/core.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { settle, until } from './kit/until.ts'

const ladder = { fastMs: 50, baseMs: 50, capMs: 50, jitter: 0 }

/** Ends with the test. */
function read(options: ReaderOptions): Reader {
  const reader = createReader({ ladder, ...options })
  onTestFinished(() => reader.close())
  return reader
}

test('hands over every event, and comes back at its place with new headers', async () => {
  const server = await serve((_, response, n) => {
    openStream(response, `retry: 0\nid: at-${n}\nevent: tick\ndata: ${n}\n\n`)
    if (n === 0) response.end()
  })
  let asked = 0
  const events: ReaderEvent[] = []
  const states: string[] = []
  const reader = read({
    url: server.url,
    headers: () => ({ authorization: `Bearer ${++asked}` }),
    onEvent: (event) => void events.push(event),
    onState: ({ name }) => void states.push(name),
  })
  await until(() => events.length === 2)
  await settle()
  expect(events).toEqual([
    { type: 'tick', data: '0', id: 'at-0' },
    { type: 'tick', data: '1', id: 'at-1' },
  ])
  expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([
    undefined,
    'at-0',
  ])
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer 1',
    'Bearer 2',
  ])
  expect(states).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open'])
  expect(reader.lastEventId).toBe('at-1')
})

test('reads no further while a handler is at work, and keeps the place of what it is done with', async () => {
  const server = await serve((_, response) =>
    openStream(response, 'id: a\ndata: 1\n\nid: b\ndata: 2\n\n'),
  )
  const finish: (() => void)[] = []
  const reader = read({
    url: server.url,
    lastEventId: 'start',
    onEvent: () => new Promise<void>((resolve) => void finish.push(resolve)),
  })
  await until(() => finish.length === 1)
  await settle()
  expect(finish).toHaveLength(1)
  expect(reader.lastEventId).toBe('start')
  finish[0]?.()
  await until(() => finish.length === 2)
  expect(reader.lastEventId).toBe('a')
  expect(server.requests[0]?.headers['last-event-id']).toBe('start')
})

test('reads an event again that its handler threw for', async () => {
  const server = await serve((_, response) => openStream(response, 'retry: 0\nid: a\ndata: 1\n\n'))
  let calls = 0
  const reader = read({
    url: server.url,
    onEvent: () => {
      if (++calls === 1) throw new RangeError('not now')
    },
  })
  await until(() => reader.lastEventId === 'a')
  expect(calls).toBe(2)
  expect(server.requests).toHaveLength(2)
})

test('is tried again after what may pass, as Retry-After says, and stops at what lasts', async () => {
  const server = await serve((_, response, n) => {
    response.writeHead(n === 0 ? 503 : 404, n === 0 ? { 'retry-after': '1' } : {}).end()
  })
  const startedAt = performance.now()
  const reader = read({ url: server.url, onEvent: () => {} })
  await until(() => reader.state.name === 'closed')
  expect(performance.now() - startedAt).toBeGreaterThan(990)
  expect(server.requests).toHaveLength(2)
  expect(reader.state.lastError).toMatchObject({
    code: 'HL_CLIENT_REFUSED',
    details: { status: 404 },
  })
})

test('is tried again when there is no answer', async () => {
  const server = await serve(() => {})
  const { url } = server
  await server.close()
  const codes: (string | undefined)[] = []
  read({ url, onEvent: () => {}, onState: ({ lastError }) => void codes.push(lastError?.code) })
  await until(() => codes.filter((code) => code === 'HL_CLIENT_NETWORK').length > 3)
})

test('is replaced when it goes silent, and nothing follows its close', async () => {
  const server = await serve((_, response, n) => openStream(response, `retry: 0\ndata: ${n}\n\n`))
  const events: ReaderEvent[] = []
  const reader = read({
    url: server.url,
    watch: { silentMs: 100 },
    onEvent: (event) => void events.push(event),
  })
  await until(() => events.length === 2)
  reader.close()
  reader.close()
  reader.wake()
  await settle(300)
  expect(events).toHaveLength(2)
  expect(reader.state.name).toBe('closed')
})

test('refuses numbers that are no good at once', () => {
  const options = { url: 'http://127.0.0.1', onEvent: () => {} }
  for (const bad of [
    { maxEventLength: 0 },
    { ladder: { capMs: -1 } },
    { watch: { silentMs: NaN } },
  ]) {
    expect(() => createReader({ ...options, ...bad })).toThrow(
      expect.objectContaining({ code: 'HL_CLIENT_OPTION_INVALID' }),
    )
  }
})
