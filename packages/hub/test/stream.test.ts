import { afterEach, describe, expect, it } from 'vitest'
import { eventually, startHub, type HubFixture } from './fixture.ts'

let hub: HubFixture
afterEach(() => hub?.close())

describe('a stream', () => {
  it('begins with the head, a comment, a retry and a cursor', async () => {
    hub = await startHub()
    const reader = await (await hub.read('topic=a')).live()
    expect(reader.status).toBe(200)
    expect(reader.headers['content-type']).toBe('text/event-stream')
    expect(reader.headers['cache-control']).toBe('no-cache, no-store, no-transform')
    expect(reader.headers['x-accel-buffering']).toBe('no')
    expect(reader.all[0]).toMatchObject({
      type: 'heartline.cursor',
      data: '{}',
      lastEventId: hub.hub.cursor,
    })
  })

  it('gets what is published to its topics, once, in order, with ids', async () => {
    hub = await startHub()
    const reader = await (await hub.read('topic=a&topic=b/*&topic=b/**')).live()
    await hub.publish('a', 1)
    await hub.publish('c', 2)
    await hub.publish('b/x', 3)
    const id = await hub.publish('b/x/y', 4, { type: 'tick' })
    await hub.hub.publish([{ topics: ['a', 'b/q'], data: 5 }])
    await reader.count(4)
    expect(reader.data).toEqual(['1', '3', '4', '5'])
    expect(reader.events[2]).toMatchObject({ type: 'tick', lastEventId: id })
  })

  it('gets many events of one turn', async () => {
    hub = await startHub()
    const readers = await Promise.all(Array.from({ length: 20 }, () => hub.read('topic=a')))
    await Promise.all(readers.map((reader) => reader.live()))
    const wanted = Array.from({ length: 500 }, (_, i) => String(i))
    await Promise.all(wanted.map((data) => hub.publish('a', data)))
    for (const reader of readers) expect((await reader.count(500)).data).toEqual(wanted)
    expect(hub.hub.stats()).toMatchObject({
      sessions: 20,
      cohorts: 1,
      published: 500,
      delivered: 10_000,
    })
  })

  it.each([
    ['', 400, 'HL_SELECTOR_MISSING'],
    ['topic=', 400, 'HL_SELECTOR_INVALID'],
    ['topic=a*', 400, 'HL_SELECTOR_INVALID'],
    [Array.from({ length: 101 }, (_, i) => `topic=${i}`).join('&'), 400, 'HL_SELECTOR_TOO_MANY'],
    ['topic=a&lastEventId=garbage', 400, 'HL_CURSOR_INVALID'],
    ['topic=a&since=yesterday', 400, 'HL_CURSOR_INVALID'],
  ])('asked for with ?%s is refused', async (query, status, code) => {
    hub = await startHub()
    const reader = await (await hub.read(query)).over()
    expect(reader.status).toBe(status)
    expect(reader.headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(reader.body)).toMatchObject({ code, status })
  })

  it('is refused beyond maxSessions, and a place is free again after an end', async () => {
    hub = await startHub({ maxSessions: 1 })
    const first = await (await hub.read('topic=a')).live()
    expect((await hub.read('topic=a')).status).toBe(503)
    expect((await hub.hub.checkReady()).reasons).toEqual(['saturated'])
    first.leave()
    await eventually(() => hub.hub.stats().sessions === 0)
    expect((await hub.read('topic=a')).status).toBe(200)
  })

  it('leaves nothing behind when its reader goes', async () => {
    const ended: unknown[] = []
    hub = await startHub({ onSessionEnd: (end) => ended.push(end) })
    const reader = await (await hub.read('topic=a&topic=b/*')).live()
    expect(hub.hub.presence('a')).toHaveLength(1)
    reader.leave()
    await eventually(() => hub.hub.stats().sessions === 0)
    expect(hub.hub.stats()).toMatchObject({ cohorts: 0, ended: { disconnected: 1 } })
    expect(hub.hub.presence('a')).toEqual([])
    expect(ended).toEqual([expect.objectContaining({ reason: 'disconnected' })])
  })
})
