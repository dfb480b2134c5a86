import { expect, it } from 'vitest'
import { bearer, call, post, raw, readStream, start, startGuarded } from '../kit.ts'

it('stores one event and answers its id with 201', async () => {
  const server = await start()
  const answer = await post(server, { topic: 'news', data: 'hello' })
  expect(answer.status).toBe(201)
  expect(answer.json).toEqual({
    id: expect.stringMatching(/^1\.[a-z0-9]+\.[a-z0-9]+-1$/),
    duplicate: false,
  })
  expect(answer.headers.get('heartline-mode')).toBe('development')
})

it('answers 200 and the first id when the idempotency key was used before', async () => {
  const server = await start()
  const first = await post(server, { topic: 'a', data: 1 }, { 'idempotency-key': 'k1' })
  const second = await post(server, { topic: 'a', data: 1 }, { 'idempotency-key': 'k1' })
  expect([first.status, second.status]).toEqual([201, 200])
  expect(second.json).toEqual({ id: first.json.id, duplicate: true })
})

it('stores a list all or none, and names the index of the bad event', async () => {
  const server = await start()
  const bad = await post(server, [
    { topic: 'a', data: 1 },
    { topic: 'a*', data: 1 },
  ])
  expect(bad.status).toBe(400)
  expect(bad.json).toMatchObject({ code: 'HL_TOPIC_INVALID', index: 1 })
  const good = await post(server, [
    { topic: 'a', data: 1 },
    { topic: 'b', data: 2 },
  ])
  expect(good.status).toBe(201)
  expect(good.json.map((result: { id: string }) => result.id.split('-')[1])).toEqual(['1', '2'])
})

it('streams what is published, with an id that resumes after it', async () => {
  const server = await start()
  const reading = readStream(server, '/v1/events?topic=news/*', { until: 'data: two' })
  await expect.poll(() => server.hub.stats().sessions).toBe(1)
  const first = await post(server, { topic: 'news/a', data: 'one' })
  await post(server, { topic: 'news/b', data: 'two', type: 'headline' })
  const { text, response } = await reading
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(response.headers.get('heartline-session')).toMatch(/^[A-Za-z0-9_-]{16,}$/)
  expect(text).toContain('data: one')
  expect(text).toContain('event: headline')

  const again = await readStream(server, '/v1/events?topic=news/*', {
    headers: { 'last-event-id': first.json.id },
    until: 'data: two',
  })
  expect(again.text).not.toContain('data: one')
  const viaQuery = await readStream(
    server,
    `/v1/events?topic=news/*&lastEventId=${first.json.id}`,
    { until: 'data: two' },
  )
  expect(viaQuery.text).not.toContain('data: one')
  const all = await readStream(server, '/v1/events?topic=news/*&since=earliest', {
    until: 'data: two',
  })
  expect(all.text).toContain('data: one')
})

it('lets the Last-Event-ID header win over the query', async () => {
  const server = await start()
  const [first, second] = (
    await post(server, [
      { topic: 'a', data: 'one' },
      { topic: 'a', data: 'two' },
    ])
  ).json
  await post(server, { topic: 'a', data: 'three' })
  const { text } = await readStream(server, `/v1/events?topic=a&lastEventId=${first.id}`, {
    headers: { 'last-event-id': second.id },
    until: 'data: three',
  })
  expect(text).not.toContain('data: two')
})

it('refuses a reader whose Accept does not allow event streams', async () => {
  const server = await start()
  const answer = await call(server, '/v1/events?topic=a', {
    headers: { accept: 'application/json' },
  })
  expect(answer.status).toBe(406)
  expect(answer.json.code).toBe('HL_NOT_ACCEPTABLE')
})

it('answers HEAD with the head of the stream only', async () => {
  const server = await start()
  const answer = await call(server, '/v1/events?topic=a', { method: 'HEAD' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  expect(answer.text).toBe('')
  expect(server.hub.stats().sessions).toBe(0)
})

it('refuses a stream without a topic, with a bad selector, with a bad cursor', async () => {
  const server = await start()
  const codes = []
  for (const query of [
    '',
    '?topic=',
    '?topic=a/**/b',
    '?topic=a&lastEventId=nonsense',
    '?topic=a&since=x',
  ]) {
    const answer = await call(server, `/v1/events${query}`)
    expect(answer.status).toBe(400)
    codes.push(answer.json.code)
  }
  expect(codes).toEqual([
    'HL_SELECTOR_MISSING',
    'HL_SELECTOR_INVALID',
    'HL_SELECTOR_INVALID',
    'HL_CURSOR_INVALID',
    'HL_CURSOR_INVALID',
  ])
})

it('sends a plain EventSource away with 200, a retry time and the end, and our client with 503', async () => {
  const server = await start({ limits: { maxSessions: 1 } })
  const first = readStream(server, '/v1/events?topic=a', { until: 'never' }).catch(() => {})
  await expect.poll(() => server.hub.stats().sessions).toBe(1)
  const plain = await call(server, '/v1/events?topic=a', {
    headers: { accept: 'text/event-stream' },
  })
  expect(plain.status).toBe(200)
  expect(plain.headers.get('content-type')).toBe('text/event-stream')
  const retry = Number(/^retry: (\d+)$/m.exec(plain.text)?.[1])
  expect(retry).toBeGreaterThanOrEqual(2000)
  expect(retry).toBeLessThan(10_000)
  const own = await call(server, '/v1/events?topic=a', { headers: { 'heartline-client': 'test' } })
  expect(own.status).toBe(503)
  expect(own.json.code).toBe('HL_SESSIONS_FULL')
  expect(Number(own.headers.get('retry-after'))).toBeGreaterThan(0)
  server.hub.sessions().forEach(({ id }) => server.hub.endSession(id, { reconnect: true }))
  await first
})

it('refuses publishes with 503 and readers with a retry while it drains', async () => {
  const server = await start({ drain: { deadlineMs: 1500 } })
  const ending = readStream(server, '/v1/events?topic=a', { until: 'heartline.drain' })
  await expect.poll(() => server.hub.stats().sessions).toBe(1)
  const draining = server.hub.drain({ deadlineMs: 1000 })
  const publish = await post(server, { topic: 'a', data: 1 })
  expect(publish.status).toBe(503)
  expect(publish.json.code).toBe('HL_DRAINING')
  expect(publish.headers.get('retry-after')).not.toBeNull()
  expect((await call(server, '/v1/events?topic=a')).text).toContain('retry: ')
  const ready = await call(server, '/readyz')
  expect(ready.status).toBe(503)
  expect(ready.json.reasons).toContain('draining')
  expect((await ending).text).toContain('event: heartline.drain')
  await draining
})

it('publishes only what the token covers', async () => {
  const server = await startGuarded()
  const headers = await bearer({ publish: ['news/*'] })
  expect((await post(server, { topic: 'news/a', data: 1 }, headers)).status).toBe(201)
  const refused = await post(server, { topics: ['news/a', 'other'], data: 1 }, headers)
  expect(refused.status).toBe(403)
  expect(refused.json.code).toBe('HL_PUBLISH_FORBIDDEN')
})

it('keeps HTTP/1.1 keep-alive connections usable after an answer', async () => {
  const server = await start()
  const one =
    'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 22\r\n\r\n{"topic":"a","data":1}'
  const { text } = await raw(
    server,
    one + one.replace('Host: localhost', 'Host: localhost\r\nConnection: close'),
  )
  expect(text.match(/HTTP\/1\.1 201 Created/g)).toHaveLength(2)
})
