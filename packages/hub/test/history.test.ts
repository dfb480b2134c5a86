import { encodePosition } from '@heartline/wire'
import { afterEach, describe, expect, it } from 'vitest'
import { createHub, type Hub } from '../src/index.ts'
import { GateBroker } from './gate-broker.ts'

let hub: Hub
afterEach(async () => hub?.close())

describe('a page of history', () => {
  it('names of a private event only the topics that the token allows', async () => {
    hub = await createHub({ broker: new GateBroker() })
    await hub.publish([
      { topics: ['room/1', 'staff/secret'], data: 'x', private: true },
      { topics: ['room/1', 'staff/open'], data: 'y' },
    ])
    const asked = { selectors: ['**'], rights: ['room/*'], anonymous: true }
    const { events } = await hub.history(asked)
    expect(events.map((event) => event.topics)).toEqual([['room/1'], ['room/1', 'staff/open']])
    expect((await hub.history({ selectors: ['**'] })).events[0]?.topics).toHaveLength(2)
  })

  it('says a gap when its range is trimmed while it is read', async () => {
    const broker = new GateBroker({ maxEntries: 1_000 })
    hub = await createHub({ broker, recentBytes: 0 })
    const [first] = await hub.publish([{ topic: 'a', data: 0 }])
    for (let n = 1; n < 700; n++) await hub.publish([{ topic: 'b', data: n }])
    broker.beforeRead = async () => {
      broker.beforeRead = async () => {}
      for (let n = 0; n < 2_000; n++) await hub.publish([{ topic: 'a', data: n }])
    }
    const page = await hub.history({ selectors: ['a'], after: first?.id ?? '', limit: 5 })
    expect(page.gap).toMatchObject({ from: first?.id, reason: 'expired' })
    expect(page.events).toHaveLength(5)
  })

  it('goes on exactly behind what was looked at, though that is trimmed by then', async () => {
    const broker = new GateBroker({ maxEntries: 20_000 })
    hub = await createHub({ broker, recentBytes: 0 })
    const [first] = await hub.publish([{ topic: 'a', data: 0 }])
    for (let n = 0; n < 12_000; n += 500) {
      await hub.publish(Array.from({ length: 500 }, () => ({ topic: 'b', data: n })))
    }
    await hub.publish([{ topic: 'a', data: 'after' }])
    const seen: string[] = []
    let after = first?.id ?? ''
    for (let pages = 0; pages < 10; pages++) {
      const page = await hub.history({ selectors: ['a/*', 'a'], after, limit: 3 })
      expect(page.gap).toBeUndefined()
      seen.push(...page.events.map((event) => event.data))
      after = page.next
      if (page.done) break
    }
    expect(seen).toEqual(['after'])
    expect(after).toBe(hub.cursor)
  })

  it('goes on from an exact place where the log was looked at in part and nothing matched', async () => {
    const broker = new GateBroker()
    hub = await createHub({ broker, recentBytes: 0 })
    await hub.publish([{ topic: 'a', data: 0 }])
    await hub.publish(Array.from({ length: 1_000 }, (_, n) => ({ topic: 'b', data: n })))
    await hub.publish([{ topic: 'a', data: 1 }])
    // A broker may look at a part of what was asked for.
    const { inner } = broker
    const read = inner.read.bind(inner)
    inner.read = (request) =>
      read({ ...request, until: Math.min(request.until ?? Infinity, request.after + 10) })
    const first = await hub.history({ selectors: ['a'] })
    expect(first).toMatchObject({ done: false, events: [{ data: '0' }] })
    const { entries } = await read({ after: 199, until: 200 })
    const { epoch } = await broker.state()
    expect(first.next).toBe(encodePosition(epoch, entries[0]?.position ?? { ms: 0, offset: 0 }))
    const second = await hub.history({ selectors: ['a'], after: first.next })
    expect(second.gap).toBeUndefined()
  })
})
