import { afterEach, describe, expect, it } from 'vitest'
import { createHub, type Hub } from '../src/index.ts'
import { Cohort } from '../src/cohort.ts'
import { CursorFrames } from '../src/cursor-frames.ts'
import { LogFollower } from '../src/log-follower.ts'
import { QuietReaders } from '../src/quiet-readers.ts'
import { Subscriber } from '../src/subscriber.ts'
import { eventually } from './fixture.ts'
import { GateBroker, wait } from './gate-broker.ts'
import { attachPipe, type Pipe } from './pipe.ts'

let hub: Hub
afterEach(async () => hub?.close())

/** Answers the most writes of one turn of the event loop, and ends the count. */
function countWritesByTurn(pipes: readonly Pipe[]): () => number {
  let inThisTurn = 0
  let most = 0
  let isOver = false
  const count = (): void => {
    inThisTurn = 0
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  for (const pipe of pipes) pipe.onWrite = () => void (most = Math.max(most, ++inThisTurn))
  return () => {
    isOver = true
    return most
  }
}

describe('a hub whose broker is slow', () => {
  it('opens one tail anew however often it looks meanwhile', async () => {
    const broker = new GateBroker()
    hub = await createHub({ broker, logCheckMs: 10 })
    const { pipe } = attachPipe(hub, { selectors: ['a'] })
    await eventually(() => pipe.isLive)
    // The tail dies silently, and the next one takes its time.
    const dead = broker.sink
    const { entries } = { entries: dead?.entries.bind(dead) }
    if (dead !== undefined) dead.entries = () => {}
    await hub.publish([{ topic: 'a', data: 1 }])
    broker.beforeTail = async () => {
      if (dead !== undefined && entries !== undefined) dead.entries = entries
      await wait(100)
    }
    await eventually(() => pipe.data.length > 0)
    await wait(150)
    await hub.publish([{ topic: 'a', data: 2 }])
    await eventually(() => pipe.data.length >= 2)
    expect(pipe.data).toEqual(['1', '2'])
    expect(broker.tails).toBe(2)
  })

  it('sees an entry once though two tails hand it over', async () => {
    const broker = new GateBroker()
    hub = await createHub({ broker })
    const { pipe } = attachPipe(hub, { selectors: ['a'] })
    await eventually(() => pipe.isLive)
    await hub.publish([
      { topic: 'a', data: 1 },
      { topic: 'a', data: 2 },
    ])
    const { entries } = await broker.inner.read({ after: 0 })
    broker.sink?.entries(entries)
    await hub.publish([{ topic: 'a', data: 3 }])
    await eventually(() => pipe.data.length >= 3)
    expect(pipe.data).toEqual(['1', '2', '3'])
  })

  it('does not repeat a cursor to readers while its tail is behind', async () => {
    const broker = new GateBroker()
    hub = await createHub({ broker, logCheckMs: 10 })
    const { pipe } = attachPipe(hub, { selectors: ['quiet'] })
    await eventually(() => pipe.isLive)
    broker.beforeTail = () => new Promise(() => {})
    if (broker.sink !== undefined) broker.sink.entries = () => {}
    for (let n = 0; n < 1_000; n++) await broker.append([{ topics: ['b'], data: 'x' }])
    await wait(150)
    expect(pipe.all.map((event) => event.type)).toEqual(['heartline.cursor'])
  })

  it('fills a hole that its tail leaves', async () => {
    const broker = new GateBroker()
    hub = await createHub({ broker })
    const { pipe } = attachPipe(hub, { selectors: ['a'] })
    await eventually(() => pipe.isLive)
    const { sink } = broker
    const entries = sink?.entries.bind(sink)
    if (sink !== undefined) sink.entries = () => {}
    await hub.publish([{ topic: 'a', data: 1 }])
    if (sink !== undefined && entries !== undefined) sink.entries = entries
    sink?.entries((await broker.inner.read({ after: 0 })).entries.slice(1))
    await hub.publish([{ topic: 'a', data: 2 }])
    await eventually(() => pipe.data.length >= 2)
    expect(pipe.data).toEqual(['1', '2'])
  })

  it('keeps nothing of readers that left while they waited for it', async () => {
    const broker = new GateBroker()
    const listener = { onEntries: () => {}, onReset: () => {}, onCheck: () => {} }
    const follower = new LogFollower(broker, listener, 10)
    await follower.start()
    let isOver = false
    let isFree = false
    void follower.reached(7, () => isOver).then(() => (isFree = true))
    await wait(60)
    expect(isFree).toBe(false)
    isOver = true
    await eventually(() => isFree, 2_000)
    follower.close()
  })

  it('is asked by one look at a time', async () => {
    const broker = new GateBroker()
    hub = await createHub({ broker, logCheckMs: 10 })
    let asking = 0
    let most = 0
    broker.beforeState = async () => {
      most = Math.max(most, ++asking)
      await wait(60)
      asking--
    }
    await wait(200)
    expect(most).toBe(1)
  })

  it('that says another life of the log before its tail does tells nobody a place in it', async () => {
    const broker = new GateBroker({ maxEntries: 100 })
    hub = await createHub({ broker, logCheckMs: 10 })
    const { inner } = broker
    const state = inner.state.bind(inner)
    inner.state = async () => ({ ...(await state()), epoch: 'second' })
    const { pipe } = attachPipe(hub, { selectors: ['quiet'] })
    await eventually(() => pipe.isLive)
    for (let n = 0; n < 300; n++) await hub.publish([{ topic: 'busy', data: n }])
    await wait(80)
    expect(pipe.all).toHaveLength(1)
  })

  it('that fails at the start is left alone', async () => {
    const broker = new GateBroker()
    await broker.append([{ topics: ['a'], data: 'x' }])
    broker.beforeRead = () => Promise.reject(new Error('no'))
    const options = { broker, namespaces: [{ topics: '**', history: 'latest' as const }] }
    const before = process.getActiveResourcesInfo().length
    await expect(createHub({ ...options, logCheckMs: 10 })).rejects.toThrow('no')
    let states = 0
    broker.beforeState = async () => void states++
    await wait(60)
    expect(states).toBe(0)
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(before + 1)
  })
})

describe('a quiet reader', () => {
  it('is told nothing while something waits for it', async () => {
    hub = await createHub({ broker: new GateBroker(), logCheckMs: 3_600_000 })
    const { session } = attachPipe(hub, { selectors: ['quiet'] })
    const follower = { epoch: 'e', position: { ms: 9, offset: 9 } } as LogFollower
    const cohort = new Cohort<Subscriber>('', { selectors: ['quiet'], privateRights: undefined })
    const place = { ms: 1, offset: 1 }
    const subscriber = new Subscriber(session, cohort, hub.admit({ selectors: ['quiet'] }), place)
    subscriber.goLive(0, place)
    const quiet = new QuietReaders([subscriber], follower, new CursorFrames(follower))
    cohort.isMarked = true
    quiet.tell(5)
    await wait(5)
    expect(subscriber.last).toEqual(place)
    cohort.isMarked = false
    quiet.tell(5)
    await wait(5)
    expect(subscriber.last).toEqual(follower.position)
  })
})

describe('a regular look at the log', () => {
  it('writes nothing but cursors: pending events leave in slices', async () => {
    const broker = new GateBroker()
    hub = await createHub({ broker, logCheckMs: 10, flushSlice: 16 })
    const readers = Array.from({ length: 400 }, () => attachPipe(hub, { selectors: ['a'] }))
    await eventually(() => readers.every(({ pipe }) => pipe.isLive))
    const most = countWritesByTurn(readers.map(({ pipe }) => pipe))
    for (let n = 0; n < 60; n++) {
      await hub.publish([{ topic: 'a', data: n }])
      await wait(3)
    }
    await eventually(() => readers.every(({ pipe }) => pipe.data.length === 60))
    expect(most()).toBeLessThan(100)
  })

  it('moves many quiet readers on, a part at a time', async () => {
    const broker = new GateBroker({ maxEntries: 1_000 })
    hub = await createHub({ broker, logCheckMs: 10 })
    const readers = Array.from({ length: 3_000 }, (_, n) =>
      attachPipe(hub, { selectors: [`quiet/${n % 50}`] }),
    )
    await eventually(() => readers.every(({ pipe }) => pipe.isLive))
    const most = countWritesByTurn(readers.map(({ pipe }) => pipe))
    for (let n = 0; n < 700; n++) await hub.publish([{ topic: 'busy', data: n }])
    await eventually(() => readers.every(({ pipe }) => pipe.all.length === 2))
    expect(most()).toBeLessThan(600)
  })
})
