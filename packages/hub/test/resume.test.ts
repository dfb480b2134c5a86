import { createMemoryBroker } from '@heartline/broker'
import { encodePosition } from '@heartline/wire'
import { afterEach, describe, expect, it } from 'vitest'
import { startHub, type HubFixture } from './fixture.ts'

let hub: HubFixture
afterEach(() => hub?.close())

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i))

describe('a reader that comes back', () => {
  it.each(['header', 'lastEventId', 'since'])(
    'gets what it missed, by %s, then live events',
    async (way) => {
      hub = await startHub()
      const ids: string[] = []
      for (const n of numbers(1, 10)) ids.push(await hub.publish('a', n))
      const cursor = ids[3]!
      const headers: Record<string, string> = way === 'header' ? { 'last-event-id': cursor } : {}
      const reader = await hub.read(
        way === 'header' ? 'topic=a' : `topic=a&${way}=${cursor}`,
        headers,
      )
      await reader.live()
      await hub.publish('a', 11)
      expect((await reader.count(7)).data).toEqual(numbers(5, 11))
      expect(reader.gaps).toEqual([])
      expect(reader.all.find((event) => event.type === 'heartline.cursor')?.lastEventId).toBe(
        ids[9],
      )
    },
  )

  it('reads from the beginning with since=earliest and only new ones with latest', async () => {
    hub = await startHub()
    await hub.publish('a', 1)
    await hub.publish('a', 2)
    const earliest = await (await hub.read('topic=a&since=earliest')).live()
    const latest = await (await hub.read('topic=a&since=latest')).live()
    await hub.publish('a', 3)
    expect((await earliest.count(3)).data).toEqual(['1', '2', '3'])
    expect((await latest.count(1)).data).toEqual(['3'])
  })

  it('from a trimmed place is told a gap, then gets all that is kept', async () => {
    hub = await startHub({ memory: { maxEntries: 5 }, recentBytes: 0 })
    const first = await hub.publish('a', 1)
    for (const n of numbers(2, 20)) await hub.publish('a', n)
    const reader = await (await hub.read('topic=a', { 'last-event-id': first })).live()
    expect(reader.gaps).toEqual([expect.objectContaining({ from: first, reason: 'expired' })])
    expect(reader.all[0]).toMatchObject({ type: 'heartline.gap', lastEventId: reader.gaps[0]!.to })
    const kept = reader.data
    expect(kept.at(-1)).toBe('20')
    expect(kept).toEqual(numbers(Number(kept[0]), 20))
    expect(hub.hub.stats().gaps.expired).toBe(1)
  })

  it('from another epoch is told a gap, then gets all that is kept', async () => {
    hub = await startHub()
    await hub.publish('a', 1)
    const other = encodePosition('otherepoch', { ms: 1_700_000_000_000, offset: 77 })
    const reader = await (await hub.read('topic=a', { 'last-event-id': other })).live()
    expect(reader.gaps).toEqual([expect.objectContaining({ from: other, reason: 'epoch' })])
    expect(reader.data).toEqual(['1'])
  })

  it('from the future or another history of the same offsets is told that it diverged', async () => {
    const broker = createMemoryBroker()
    hub = await startHub({ broker })
    await hub.publish('a', 1)
    await hub.publish('a', 2)
    const { epoch, last } = await broker.state()
    const future = encodePosition(epoch, { ms: last.ms + 5, offset: last.offset + 100 })
    const rolledBack = encodePosition(epoch, { ms: last.ms + 7, offset: last.offset })
    for (const cursor of [future, rolledBack]) {
      const reader = await (await hub.read('topic=a', { 'last-event-id': cursor })).live()
      expect(reader.gaps).toEqual([expect.objectContaining({ from: cursor, reason: 'diverged' })])
      await hub.publish('a', 3)
      expect((await reader.count(1)).data.at(-1)).toBe('3')
    }
  })

  it('of a quiet topic is moved on before the traffic of others trims its place', async () => {
    hub = await startHub({ memory: { maxEntries: 100 }, recentBytes: 0, logCheckMs: 20 })
    const quiet = await (await hub.read('topic=quiet')).live()
    for (let n = 0; n < 500; n++) {
      await hub.publish('busy', n)
      if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 30))
    }
    await hub.publish('quiet', 'first')
    await quiet.count(1)
    const cursors = quiet.all.filter((event) => event.type === 'heartline.cursor')
    expect(cursors.length).toBeGreaterThan(2)
    const place = cursors.at(-1)!.lastEventId
    const back = await (await hub.read('topic=quiet', { 'last-event-id': place })).live()
    expect(back.gaps).toEqual([])
    expect(back.data).toEqual(['first'])
  })

  it.each([
    ['from memory', 4_194_304],
    ['from the broker', 0],
  ])(
    'misses nothing and sees nothing twice while publishing goes on, %s',
    async (_, recentBytes) => {
      hub = await startHub({ recentBytes })
      const total = 3_000
      let published = 0
      const publishing = (async () => {
        while (published < total) {
          const batch = Array.from({ length: 7 }, () => ({
            topic: published % 3 === 0 ? 'a/x' : 'a/y',
            data: ++published,
          }))
          await hub.hub.publish(batch)
          if (published % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
        }
      })()
      const readers = Array.from({ length: 8 }, async (_, r) => {
        const seen: number[] = []
        let id = ''
        const query = r % 2 === 0 ? 'topic=a/*' : 'topic=a/x&topic=a/y'
        while (seen.length === 0 || seen.at(-1)! < total) {
          const headers: Record<string, string> = id === '' ? {} : { 'last-event-id': id }
          const reader = await hub.read(`${query}&since=earliest`, headers)
          const stopAt = 1 + Math.floor(Math.random() * 400)
          await reader.until((one) => one.all.length >= stopAt || Number(one.data.at(-1)) >= total)
          reader.leave()
          seen.push(...reader.data.map(Number))
          expect(reader.gaps).toEqual([])
          id = reader.lastId
        }
        return seen
      })
      await publishing
      for (const seen of await Promise.all(readers)) {
        expect(seen).toEqual(Array.from({ length: seen.length }, (_, i) => i + 1))
        expect(seen.length).toBeGreaterThanOrEqual(total)
      }
    },
  )
})

describe('history', () => {
  it('is paged, moves past what does not match, and ends', async () => {
    hub = await startHub({ recentBytes: 0 })
    for (const n of numbers(1, 30)) await hub.publish(Number(n) % 3 === 0 ? 'a' : 'b', n)
    const first = await hub.hub.history({ selectors: ['a'], limit: 4 })
    expect(first.events.map((event) => event.data)).toEqual(['3', '6', '9', '12'])
    expect(first.done).toBe(false)
    const second = await hub.hub.history({ selectors: ['a'], after: first.next, limit: 100 })
    expect(second.events.map((event) => event.data)).toEqual(['15', '18', '21', '24', '27', '30'])
    expect(second).toMatchObject({ done: true, next: hub.hub.cursor })
    expect(second.gap).toBeUndefined()
  })

  it('names only the topics that were asked for', async () => {
    hub = await startHub()
    await hub.hub.publish([{ topics: ['a', 'other'], data: 1, type: 't', key: 'k' }])
    const page = await hub.hub.history({ selectors: ['a'] })
    expect(page.events).toEqual([
      { id: hub.hub.cursor, topics: ['a'], data: '1', type: 't', key: 'k', at: expect.any(Number) },
    ])
  })

  it('says a gap for a place that is gone', async () => {
    hub = await startHub({ memory: { maxEntries: 3 }, recentBytes: 0 })
    const first = await hub.publish('a', 1)
    for (const n of numbers(2, 10)) await hub.publish('a', n)
    const page = await hub.hub.history({ selectors: ['a'], after: first })
    expect(page.gap).toMatchObject({ from: first, reason: 'expired' })
    await expect(hub.hub.history({ selectors: ['a'], after: 'x' })).rejects.toMatchObject({
      code: 'HL_CURSOR_INVALID',
    })
  })
})
