import { decodeCursor, DEFAULT_LOG } from '@heartline/wire'
import { afterEach, describe, expect, it } from 'vitest'
import { createHub, type Hub, type HubOptions } from '../src/index.ts'
import { eventually } from './fixture.ts'
import { GateBroker, turn } from './gate-broker.ts'
import { attachPipe, Pipe } from './pipe.ts'

let hub: Hub
afterEach(async () => hub?.close())

async function start(
  broker: GateBroker,
  options: Partial<HubOptions> = {},
): Promise<(topic: string, data: unknown, more?: object) => Promise<string>> {
  hub = await createHub({ recentBytes: 0, ...options, broker })
  return async (topic, data, more = {}) => {
    const [result] = await hub.publish([{ topic, data, ...more }])
    return result?.id ?? ''
  }
}

const offsetOf = (cursor: string): number =>
  decodeCursor(cursor).positions.get(DEFAULT_LOG)?.offset ?? Number.NaN

/** Publishes for a reader that takes nothing until the shared log has left it behind. */
async function leaveBehind(
  publish: (topic: string, data: unknown, more?: object) => Promise<string>,
  count: number,
): Promise<void> {
  for (let n = 1; n <= count; n++) {
    await publish('a', `${n} ${'x'.repeat(20_000)}`, { key: `k${n % 3}` })
    await turn()
  }
}

describe('a reader that is collapsed', () => {
  it('goes on after a gap when its place was trimmed meanwhile', async () => {
    const broker = new GateBroker({ maxEntries: 10 })
    const publish = await start(broker, {
      namespaces: [{ topics: '**', slowPolicy: 'latest' }],
      cohortLogBytes: 4_096,
    })
    const { pipe, session } = attachPipe(hub, { selectors: ['a'] })
    await eventually(() => pipe.isLive)
    pipe.isHeld = true
    await leaveBehind(publish, 40)
    pipe.release()
    await eventually(() => session.isOver || pipe.data.at(-1)?.startsWith('40 ') === true)
    expect(session.isOver).toBe(false)
    const gap = pipe.all.find((event) => event.type === 'heartline.gap')
    expect(pipe.gaps[0]?.reason).toBe('slow')
    // What follows is older than the end of the gap: the place stays at its beginning.
    expect(gap?.lastEventId).toBe(pipe.gaps[0]?.from)
    expect(pipe.data.slice(-3).map((text) => text.split(' ')[0])).toEqual(['38', '39', '40'])
  })
})

describe('a gap', () => {
  it('never leads back: what was withheld before a trimmed range is part of the same gap', async () => {
    const broker = new GateBroker({ maxEntries: 1_000 })
    const publish = await start(broker, { namespaces: [{ topics: 'v/*', history: 'none' }] })
    const cursor = await publish('a', 'first')
    await publish('v/1', 'withheld')
    for (let n = 0; n < 900; n++) await publish('a', n, { key: 'x'.repeat(200) })
    const { pipe } = attachPipe(hub, { selectors: ['v/*', 'b'], lastEventId: cursor })
    // The second page finds its range trimmed.
    broker.beforeRead = async (request) => {
      if (request.after < 2 || request.after > 1_500) return
      broker.beforeRead = async () => {}
      for (let n = 0; n < 2_000; n++) await publish('a', n)
      await publish('b', 'kept')
    }
    await eventually(() => pipe.isLive)
    const offsets = pipe.ids.map(offsetOf)
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b))
    for (const gap of pipe.gaps) expect(offsetOf(gap.from)).toBeLessThan(offsetOf(gap.to))
    expect(pipe.data).toEqual(['kept'])
    expect(pipe.gaps[0]?.from).toBe(cursor)
  })

  it('begins at an exact position though the page before ended between two matches', async () => {
    const broker = new GateBroker({ maxEntries: 2_000 })
    const publish = await start(broker)
    const cursor = await publish('a', 'first')
    for (let n = 0; n < 1_200; n++) await publish('b', n)
    // A broker may look at a part of the range and find nothing in it.
    const { inner } = broker
    const read = inner.read.bind(inner)
    inner.read = async (request) => {
      const page = await read(request)
      if (page.entries.length > 0 || page.through <= 600) return page
      if (request.after >= 600) return page
      return { entries: [], through: 600, done: false }
    }
    broker.beforeRead = async (request) => {
      if (request.after !== 600) return
      broker.beforeRead = async () => {}
      for (let n = 0; n < 3_000; n++) await inner.append([{ topics: ['b'], data: 'x' }])
    }
    const { pipe } = attachPipe(hub, { selectors: ['a'], lastEventId: cursor })
    await eventually(() => pipe.isLive)
    expect(pipe.gaps).toHaveLength(1)
    expect(pipe.gaps[0]).toMatchObject({ from: cursor, reason: 'expired' })
  })
})

describe('a replay', () => {
  it('lets others run, however much of the log does not match', async () => {
    const broker = new GateBroker({ maxEntries: 1_000_000, maxBytes: 1_000_000_000 })
    await start(broker)
    for (let n = 0; n < 100; n++) {
      const batch = Array.from({ length: 1_000 }, () => ({ topics: ['b'], data: 'x'.repeat(50) }))
      await broker.append(batch)
    }
    const pipes = Array.from(
      { length: 4 },
      () => attachPipe(hub, { selectors: ['a/*'], since: 'earliest' }).pipe,
    )
    let turns = 0
    let most = 0
    while (!pipes.every((pipe) => pipe.isLive)) {
      const before = broker.reads
      await turn()
      most = Math.max(most, broker.reads - before)
      turns++
    }
    expect(turns).toBeGreaterThan(20)
    expect(most).toBeLessThan(20)
  })

  it('pins no more than one piece for a reader that does not read', async () => {
    const broker = new GateBroker({ maxBytes: 1_000_000_000 })
    await start(broker)
    for (let n = 0; n < 200; n++) {
      await broker.append(
        Array.from({ length: 10 }, () => ({ topics: ['a'], data: 'x'.repeat(1_000) })),
      )
    }
    const pipe = new Pipe()
    const { session } = attachPipe(hub, { selectors: ['a'], since: 'earliest' }, { pipe })
    pipe.isHeld = true
    await eventually(() => session.isBlocked)
    for (let n = 0; n < 20; n++) await turn()
    expect(pipe.heldBytes).toBeLessThan(70_000)
    pipe.release()
    await eventually(() => pipe.isLive)
    expect(pipe.data).toHaveLength(2_000)
    expect(Math.max(...pipe.writes)).toBeLessThan(70_000)
  })

  it('survives a session that somebody else writes to between two of its steps', async () => {
    const broker = new GateBroker()
    const publish = await start(broker)
    const cursor = await publish('a', 0)
    for (let n = 1; n <= 10; n++) await publish('a', n)
    for (let steps = 0; steps < 12; steps++) {
      const { pipe, session } = attachPipe(hub, { selectors: ['a'], lastEventId: cursor })
      const meddle = async (): Promise<void> => {
        for (let step = 0; step < steps; step++) await Promise.resolve()
        pipe.isHeld = true
        session.comment('mine')
        setImmediate(() => pipe.release())
      }
      pipe.onWrite = () => {
        pipe.onWrite = () => {}
        void meddle()
      }
      await eventually(() => pipe.isLive || session.isOver)
      expect(session.isOver).toBe(false)
      expect(pipe.data).toHaveLength(10)
    }
  })

  it('shows in the session list how far it has come', async () => {
    const broker = new GateBroker()
    const publish = await start(broker)
    const cursor = await publish('a', 0)
    for (let n = 0; n < 10; n++) await publish('a', n)
    broker.beforeRead = () => new Promise(() => {})
    const { session } = attachPipe(hub, { selectors: ['a'], lastEventId: cursor })
    await turn()
    expect(hub.session(session.id)).toMatchObject({ state: 'replaying', cursor })
  })

  it('that is over shows only what was sent, not what waits for the flush', async () => {
    const publish = await start(new GateBroker())
    const { pipe, session } = attachPipe(hub, { selectors: ['a'] })
    await eventually(() => pipe.isLive)
    const before = hub.cursor
    const cursor = await publish('a', 1)
    expect(hub.session(session.id)?.cursor).toBe(before)
    await eventually(() => pipe.data.length === 1)
    expect(hub.session(session.id)?.cursor).toBe(cursor)
  })
})
