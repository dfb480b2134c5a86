import { afterEach, describe, expect, it } from 'vitest'
import { comparePlaces, createFetchHandler } from '../src/index.ts'
import { createParser } from '@heartline/wire'
import { eventually, startHub, type HubFixture } from './fixture.ts'

let hub: HubFixture
afterEach(() => hub?.close())

const authorize = (request: { headers: NodeJS.Dict<string | string[]> }) => ({
  subscriber: String(request.headers['x-user'] ?? 'anon'),
  rights: ['room/*'],
  expiresAtMs: Date.now() + Number(request.headers['x-ttl'] ?? 60_000),
})

describe('presence', () => {
  it('counts the sessions of each subscriber on a topic, by exact selectors and patterns', async () => {
    hub = await startHub({ handler: { authorize } })
    await (await hub.read('topic=room/1', { 'x-user': 'ann' })).live()
    await (await hub.read('topic=room/*', { 'x-user': 'ann' })).live()
    const bob = await (await hub.read('topic=room/1&topic=room/2', { 'x-user': 'bob' })).live()
    const rows = () =>
      hub.hub
        .presence('room/1')
        .map(({ subscriber, sessions }) => `${subscriber} ${sessions}`)
        .sort()
    expect(rows()).toEqual(['ann 2', 'bob 1'])
    expect(
      hub.hub
        .presence('room/2')
        .map((row) => row.subscriber)
        .sort(),
    ).toEqual(['ann', 'bob'])
    bob.leave()
    await eventually(() => rows().length === 1)
    expect(() => hub.hub.presence('room/*')).toThrow(
      expect.objectContaining({ code: 'HL_TOPIC_INVALID' }),
    )
  })
})

describe('a session', () => {
  it('is listed, paged, found and ended by its id', async () => {
    hub = await startHub()
    const readers = [
      await hub.read('topic=a'),
      await hub.read('topic=b'),
      await hub.read('topic=c'),
    ]
    for (const reader of readers) await reader.live()
    const ids = readers.map((reader) => String(reader.headers['heartline-session']))
    expect(hub.hub.sessions().map((row) => row.id)).toEqual(ids)
    expect(hub.hub.sessions({ after: ids[0]!, limit: 1 }).map((row) => row.id)).toEqual([ids[1]])
    expect(hub.hub.session(ids[2]!)).toMatchObject({
      selectors: ['c'],
      state: 'live',
      lagBytes: 0,
      protocol: 'http/1.1',
      cursor: hub.hub.cursor,
    })
    expect(hub.hub.endSession(ids[0]!, { reconnect: true })).toBe(true)
    expect(hub.hub.endSession(ids[1]!, { reconnect: false })).toBe(true)
    expect(hub.hub.endSession('nobody', { reconnect: true })).toBe(false)
    await readers[0]!.over()
    await readers[1]!.over()
    expect(readers[0]!.all.at(-1)?.type).toBe('heartline.cursor')
    expect(readers[1]!.all.at(-1)).toMatchObject({
      type: 'heartline.end',
      data: '{"reconnect":false}',
    })
    expect(readers[1]!.retries.at(-1)).toBe(2_147_483_647)
    await eventually(() => hub.hub.stats().sessions === 1)
    expect(hub.hub.stats().ended).toEqual({ ended: 1, kicked: 1 })
  })

  it('notes acknowledgements of its own log and refuses others', async () => {
    hub = await startHub()
    const reader = await (await hub.read('topic=a')).live()
    const id = String(reader.headers['heartline-session'])
    const cursor = await hub.publish('a', 1)
    expect(hub.hub.ack(id, { cursor, rttMs: 12 })).toBe(true)
    expect(hub.hub.session(id)).toMatchObject({ ackedCursor: cursor, rttMs: 12 })
    expect(hub.hub.ack('nobody', {})).toBe(false)
    for (const bad of ['garbage', '1.other.1-1']) {
      expect(() => hub.hub.ack(id, { cursor: bad })).toThrow(
        expect.objectContaining({ code: 'HL_CURSOR_INVALID' }),
      )
    }
  })

  it('that acknowledged once and then misses three is ended', async () => {
    hub = await startHub({ heartbeatMs: 1_000 })
    const reader = await (await hub.read('topic=a')).live()
    const silent = await (await hub.read('topic=a')).live()
    hub.hub.ack(String(reader.headers['heartline-session']), {})
    await reader.over()
    expect(hub.hub.stats().ended).toEqual({ unresponsive: 1 })
    expect(silent.isOver).toBe(false)
  })

  it('ends with its token, and later when the token is renewed', async () => {
    hub = await startHub({ handler: { authorize } })
    const short = await (await hub.read('topic=room/1', { 'x-ttl': '400' })).live()
    const renewed = await (await hub.read('topic=room/1', { 'x-ttl': '400' })).live()
    const id = String(renewed.headers['heartline-session'])
    expect(() => hub.hub.renew(id, { rights: ['other'] })).toThrow(
      expect.objectContaining({ code: 'HL_SELECTOR_FORBIDDEN' }),
    )
    expect(hub.hub.renew(id, { rights: ['room/**'], expiresAtMs: Date.now() + 60_000 })).toBe(true)
    expect(hub.hub.renew('nobody', {})).toBe(false)
    await short.over()
    expect(short.all.at(-1)?.type).toBe('heartline.expired')
    expect(hub.hub.stats().ended).toEqual({ 'token-expired': 1 })
    expect(renewed.isOver).toBe(false)
  })
})

describe('leaving', () => {
  it('delivers what was acknowledged, tells every reader, and refuses what comes then', async () => {
    hub = await startHub()
    const readers = await Promise.all(Array.from({ length: 50 }, () => hub.read('topic=a')))
    for (const reader of readers) await reader.live()
    const last = hub.publish('a', 'last')
    const drained = hub.hub.drain({ deadlineMs: 5_000 })
    await last
    await expect(hub.publish('a', 'late')).rejects.toMatchObject({
      code: 'HL_DRAINING',
      status: 503,
    })
    expect((await hub.read('topic=a')).status).toBe(503)
    await drained
    for (const reader of readers) {
      await reader.over()
      expect(reader.data).toEqual(['last'])
      expect(reader.all.at(-1)?.type).toBe('heartline.drain')
    }
    expect(hub.hub.stats()).toMatchObject({ sessions: 0, ended: { drained: 50 } })
    expect((await hub.hub.checkReady()).reasons).toContain('draining')
  })
})

describe('readiness', () => {
  it('is a round trip through the broker', async () => {
    hub = await startHub()
    expect(await hub.hub.checkReady()).toEqual({ ready: true, reasons: [] })
    await hub.broker.close()
    expect((await hub.hub.checkReady()).ready).toBe(false)
  })
})

describe('the Fetch handler', () => {
  it('answers a stream and ends the session when the body is cancelled', async () => {
    hub = await startHub()
    const handle = createFetchHandler(hub.hub)
    const response = await handle(new Request('http://x/?topic=a'))
    expect(response.status).toBe(200)
    const seen: string[] = []
    const parser = createParser({ onEvent: (event) => void seen.push(event.data) })
    const body = response.body!.getReader()
    await eventually(() => hub.hub.stats().sessions === 1)
    await hub.publish('a', 'x')
    while (!seen.includes('x')) parser.feed((await body.read()).value!)
    await body.cancel()
    await eventually(() => hub.hub.stats().sessions === 0)
    const refused = await handle(new Request('http://x/?topic=a*', { method: 'POST' }))
    expect(refused.status).toBe(405)
    expect(await refused.json()).toMatchObject({ code: 'HL_METHOD_NOT_ALLOWED' })
  })
})

describe('topics', () => {
  it('are listed with their counts, newest first', async () => {
    hub = await startHub()
    for (const topic of ['a', 'b', 'a']) await hub.publish(topic, 1)
    expect(hub.hub.topics().map(({ topic, total }) => `${topic} ${total}`)).toEqual(['a 2', 'b 1'])
    expect(hub.hub.topics(1)[0]!.rate).toBeGreaterThan(0)
  })
})

describe('the sessions of several hubs', () => {
  it('can be merged by the time of their opening, then by id, a page at a time', async () => {
    hub = await startHub({ sessionIdPrefix: 'w1.' })
    for (let count = 0; count < 3; count++) await (await hub.read('topic=a')).live()
    const all = hub.hub.sessionsByOpening(undefined, 10)
    expect(all.map(({ id }) => id.slice(0, 3))).toEqual(['w1.', 'w1.', 'w1.'])
    expect([...all].sort(comparePlaces)).toEqual(all)
    const [first, second] = all
    expect(hub.hub.sessionsByOpening(first, 1).map(({ id }) => id)).toEqual([second?.id])
    const before = { openedAt: (first?.openedAt ?? 0) - 1, id: 'zzz' }
    expect(hub.hub.sessionsByOpening(before, 10)).toHaveLength(3)
    expect(comparePlaces({ openedAt: 1, id: 'a' }, { openedAt: 1, id: 'a' })).toBe(0)
  })
})
