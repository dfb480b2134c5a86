import { afterEach, describe, expect, it } from 'vitest'
import { createHub, type Hub, type HubOptions } from '../src/index.ts'
import { eventually } from './fixture.ts'
import { GateBroker, gate, turn } from './gate-broker.ts'
import { attachPipe } from './pipe.ts'

let hub: Hub
afterEach(async () => hub?.close())

async function start(
  options: Partial<HubOptions> = {},
  broker: GateBroker = new GateBroker(),
): Promise<GateBroker> {
  hub = await createHub({ recentBytes: 0, ...options, broker })
  return broker
}

describe('a reader whose history cannot be read', () => {
  it('is cut, and gets everything when it comes back', async () => {
    const broker = await start()
    const [cursor] = await hub.publish([{ topic: 'a', data: 0 }])
    await hub.publish([{ topic: 'a', data: 1 }])
    broker.beforeRead = () => Promise.reject(new Error('no'))
    const first = attachPipe(hub, { selectors: ['a'], lastEventId: cursor?.id })
    await eventually(() => first.session.isOver)
    expect(hub.stats()).toMatchObject({ sessions: 0, ended: { error: 1 } })
    broker.beforeRead = async () => {}
    const again = attachPipe(hub, { selectors: ['a'], lastEventId: cursor?.id })
    await eventually(() => again.pipe.isLive)
    expect(again.pipe.data).toEqual(['1'])
  })

  it('is cut when the log begins a new life meanwhile, and is told when it comes back', async () => {
    const broker = await start()
    const [cursor] = await hub.publish([{ topic: 'a', data: 0 }])
    await hub.publish([{ topic: 'a', data: 1 }])
    const reading = gate()
    broker.beforeRead = () => reading.opened
    const { session, pipe } = attachPipe(hub, { selectors: ['a'], lastEventId: cursor?.id })
    await turn()
    const { inner } = broker
    const state = { ...(await inner.state()), epoch: 'second' }
    inner.state = async () => state
    broker.sink?.reset(state)
    expect(session.end?.reason).toBe('error')
    reading.open()
    const again = attachPipe(hub, { selectors: ['a'], lastEventId: cursor?.id })
    await eventually(() => again.pipe.isLive)
    expect(again.pipe.gaps).toMatchObject([{ from: cursor?.id, reason: 'epoch' }])
    expect(again.pipe.data).toEqual(['0', '1'])
    expect(pipe.data).toEqual([])
  })
})

describe('latest values', () => {
  const namespaces = [{ topics: 'price/**', history: 'latest' as const }]

  it('of a new life are waited for until the broker answers', async () => {
    const broker = await start({ namespaces })
    await hub.publish([{ topic: 'price/a', data: 'x' }])
    const state = { ...(await broker.inner.state()), epoch: 'second' }
    broker.beforeRead = () => Promise.reject(new Error('no'))
    broker.sink?.reset(state)
    const { pipe } = attachPipe(hub, { selectors: ['price/a'] })
    await turn()
    expect(pipe.isLive).toBe(false)
    broker.beforeRead = async () => {}
    await eventually(() => pipe.isLive, 5_000)
    expect(pipe.data).toEqual(['x'])
  })

  it('that are many leave in pieces, and others run meanwhile', async () => {
    await start({ namespaces })
    for (let n = 0; n < 20; n++) {
      const batch = Array.from({ length: 100 }, (_, i) => ({
        topic: `price/${n}`,
        key: `k${i}`,
        data: 'x'.repeat(500),
      }))
      await hub.publish(batch)
    }
    const { pipe } = attachPipe(hub, { selectors: ['price/*'] })
    let turns = 0
    while (!pipe.isLive) {
      await turn()
      turns++
    }
    expect(pipe.data).toHaveLength(2_000)
    expect(turns).toBeGreaterThan(3)
    expect(Math.max(...pipe.writes)).toBeLessThan(70_000)
    const gone = attachPipe(hub, { selectors: ['price/*'] })
    gone.pipe.onWrite = () => gone.pipe.leave()
    await eventually(() => hub.stats().sessions === 1)
    expect(gone.pipe.isLive).toBe(false)
  })
})

describe('readiness', () => {
  it('says which part of the round trip fails', async () => {
    const broker = await start()
    expect(await hub.checkReady()).toEqual({ ready: true, reasons: [] })
    broker.sink?.state('stale')
    expect((await hub.checkReady()).reasons).toEqual(['tail-stale'])
    broker.sink?.state('live')
    Object.assign(broker, { writable: async () => 'storage-full' })
    expect((await hub.checkReady()).reasons).toEqual(['storage-full'])
    Object.assign(broker, { writable: async () => 'unavailable' })
    expect((await hub.checkReady()).reasons).toEqual(['broker-unavailable'])
    Object.assign(broker, { writable: () => new Promise(() => {}) })
    expect((await hub.checkReady()).reasons).toEqual(['broker-timeout'])
  })
})

describe('presence', () => {
  it('counts a session with several selectors for the topic once, also while it replays', async () => {
    const broker = await start()
    broker.beforeState = () => new Promise(() => {})
    const request = { selectors: ['room/1', 'room/*', '**'], subscriber: 'ann' }
    attachPipe(hub, request)
    attachPipe(hub, { ...request, selectors: ['room/*'], since: 'earliest' })
    attachPipe(hub, { ...request, selectors: ['other'] })
    const rows = hub.presence('room/1')
    expect(rows).toMatchObject([{ subscriber: 'ann', sessions: 2 }])
    expect(rows[0]?.since).toBeLessThanOrEqual(Date.now())
  })
})
