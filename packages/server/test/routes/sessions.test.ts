import { expect, it } from 'vitest'
import type { HeartlineServer } from '../../src/server.ts'
import { bearer, call, readStream, start, startGuarded } from '../kit.ts'

async function open(
  server: HeartlineServer,
  headers: Record<string, string> = {},
): Promise<{ id: string; ended: Promise<string> }> {
  const before = server.hub.stats().sessions
  const ended = readStream(server, '/v1/events?topic=a', { headers, until: 'never' })
    .then(({ text }) => text)
    .catch(() => 'aborted')
  await expect.poll(() => server.hub.stats().sessions).toBe(before + 1)
  return { id: server.hub.sessions().at(-1)?.id ?? '', ended }
}

it('lists, inspects and ends sessions', async () => {
  const server = await start()
  const first = await open(server)
  const second = await open(server)
  const list = await call(server, '/v1/sessions?limit=1')
  expect(list.json).toMatchObject({
    sessions: [{ id: first.id, selectors: ['a'] }],
    next: first.id,
  })
  const rest = await call(server, `/v1/sessions?after=${first.id}`)
  expect(rest.json.sessions).toHaveLength(1)
  expect(rest.json).not.toHaveProperty('next')
  const one = await call(server, `/v1/sessions/${second.id}`)
  expect(one.json).toMatchObject({ id: second.id, state: 'live' })
  expect((await call(server, `/v1/sessions/${first.id}`, { method: 'DELETE' })).status).toBe(204)
  await first.ended
  const gone = await call(server, `/v1/sessions/${first.id}?reconnect=false`, { method: 'DELETE' })
  expect([gone.status, gone.json.code]).toEqual([404, 'HL_SESSION_UNKNOWN'])
  const bad = await call(server, `/v1/sessions/${second.id}?reconnect=maybe`, { method: 'DELETE' })
  expect([bad.status, bad.json.code]).toEqual([400, 'HL_QUERY_INVALID'])
  await call(server, `/v1/sessions/${second.id}?reconnect=false`, { method: 'DELETE' })
  await second.ended
  expect(server.hub.stats().ended).toMatchObject({ ended: 1, kicked: 1 })
})

it('needs an administrator for that', async () => {
  const server = await startGuarded()
  const headers = await bearer({ subscribe: ['**'] }, { sub: 'me' })
  const { id } = await open(server, headers)
  for (const [path, method] of [
    ['/v1/sessions', 'GET'],
    [`/v1/sessions/${id}`, 'GET'],
    [`/v1/sessions/${id}`, 'DELETE'],
    ['/v1/topics', 'GET'],
  ] as const) {
    const refused = await call(server, path, { method, headers })
    expect([refused.status, refused.json.code]).toEqual([403, 'HL_ADMIN_REQUIRED'])
    expect((await call(server, path, { method })).status).toBe(401)
  }
  const admin = await bearer({ admin: true })
  expect((await call(server, '/v1/sessions', { headers: admin })).json.sessions[0].subscriber).toBe(
    'me',
  )
})

it('takes acknowledgements from the subject of the session and from nobody else', async () => {
  const server = await startGuarded()
  const mine = await bearer({ subscribe: ['**'] }, { sub: 'me' })
  const other = await bearer({ subscribe: ['**'] }, { sub: 'you' })
  const { id } = await open(server, mine)
  const [event] = await server.hub.publish([{ topic: 'a', data: 1 }])
  const ack = (headers: Record<string, string>, body?: unknown): ReturnType<typeof call> =>
    call(server, `/v1/sessions/${id}/ack`, {
      method: 'POST',
      headers: {
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  expect((await ack(mine, { cursor: event?.id, rttMs: 12 })).status).toBe(204)
  expect((await ack(mine)).status).toBe(204)
  expect(server.hub.session(id)).toMatchObject({ ackedCursor: event?.id, rttMs: 12 })
  expect((await ack(other, {})).json.code).toBe('HL_SESSION_FORBIDDEN')
  expect((await ack({}, {})).status).toBe(401)
  for (const body of [{ cursor: 'x' }, { rttMs: -1 }, { what: 1 }, [], 'x']) {
    expect((await ack(mine, body)).json.code).toBe('HL_BODY_INVALID')
  }
})

it('goes on under a new token of the same subject, from the header or the body', async () => {
  const server = await startGuarded()
  const soon = Math.floor(Date.now() / 1000) + 100
  const mine = await bearer({ subscribe: ['**'] }, { sub: 'me', exp: soon })
  const { id } = await open(server, mine)
  const later = { sub: 'me', exp: soon + 1000 }
  const path = `/v1/sessions/${id}/token`
  const renewed = await call(server, path, {
    method: 'POST',
    headers: await bearer({ subscribe: ['a'] }, later),
  })
  expect([renewed.status, renewed.json]).toEqual([200, { expiresAtMs: later.exp * 1000 }])
  expect(server.hub.session(id)?.expiresAtMs).toBe(later.exp * 1000)
  const token = (await bearer({ subscribe: ['a'] }, { sub: 'me', exp: soon + 2000 }))[
    'authorization'
  ]?.slice(7)
  const viaBody = await call(server, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  })
  expect(viaBody.json).toEqual({ expiresAtMs: (soon + 2000) * 1000 })
  const stranger = await call(server, path, {
    method: 'POST',
    headers: await bearer({}, { sub: 'you' }),
  })
  expect([stranger.status, stranger.json.code]).toEqual([403, 'HL_SUBJECT_MISMATCH'])
  const nameless = await call(server, path, { method: 'POST', headers: await bearer({}) })
  expect(nameless.json.code).toBe('HL_SUBJECT_MISMATCH')
  expect((await call(server, path, { method: 'POST' })).json.code).toBe('HL_AUTH_REQUIRED')
  const unknown = await call(server, '/v1/sessions/nosuchsession/token', {
    method: 'POST',
    headers: mine,
  })
  expect(unknown.json.code).toBe('HL_SESSION_UNKNOWN')
})

it('tells presence to those whose claim covers the topic', async () => {
  const server = await startGuarded()
  await open(server, await bearer({ subscribe: ['**'] }, { sub: 'me' }))
  const headers = await bearer({ presence: ['a'] })
  const there = await call(server, '/v1/presence?topic=a', { headers })
  expect(there.json).toMatchObject({ topic: 'a', members: [{ subscriber: 'me', sessions: 1 }] })
  const refused = await call(server, '/v1/presence?topic=b', { headers })
  expect([refused.status, refused.json.code]).toEqual([403, 'HL_PRESENCE_FORBIDDEN'])
  for (const query of ['', '?topic=a&topic=b']) {
    expect((await call(server, `/v1/presence${query}`, { headers })).json.code).toBe(
      'HL_QUERY_INVALID',
    )
  }
})

it('pages through history', async () => {
  const server = await start()
  await server.hub.publish([1, 2, 3].map((data) => ({ topic: 'a', data })))
  const first = await call(server, '/v1/history?topic=a&limit=2')
  expect(first.json.events.map((event: { data: string }) => event.data)).toEqual(['1', '2'])
  const second = await call(server, `/v1/history?topic=a&after=${first.json.next}`)
  expect(second.json).toMatchObject({ events: [{ data: '3' }], done: true })
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=-1', 'limit=1e2']) {
    expect((await call(server, `/v1/history?topic=a&${query}`)).json.code).toBe('HL_QUERY_INVALID')
  }
  expect((await call(server, '/v1/history?topic=a&after=x')).json.code).toBe('HL_CURSOR_INVALID')
  expect((await call(server, '/v1/history')).json.code).toBe('HL_SELECTOR_MISSING')
})
