import { Buffer } from 'node:buffer'
import { createMemoryBroker } from '@heartline/broker'
import { afterEach, describe, expect, it } from 'vitest'
import { Cohort } from '../src/cohort.ts'
import { CohortQueue } from '../src/cohort-queue.ts'
import { Flusher } from '../src/flusher.ts'
import { createHub, type Hub } from '../src/index.ts'
import { LogFollower } from '../src/log-follower.ts'
import type { Subscriber } from '../src/subscriber.ts'
import type { TurnClock } from '../src/turn-clock.ts'
import { eventually } from './fixture.ts'
import { GateBroker, turn } from './gate-broker.ts'
import { attachPipe, type Pipe } from './pipe.ts'

let hub: Hub | undefined
afterEach(async () => hub?.close())

/** Turns of an event loop that the test takes one by one. */
class Turns implements TurnClock {
  time = 0
  #next: (() => void)[] = []
  #timers: { run: () => void; at: number }[] = []

  now(): number {
    return this.time
  }

  nextTurn(run: () => void): void {
    this.#next.push(run)
  }

  after(run: () => void, ms: number): () => void {
    const timer = { run, at: this.time + ms }
    this.#timers.push(timer)
    return () => void (this.#timers = this.#timers.filter((one) => one !== timer))
  }

  get isIdle(): boolean {
    return this.#next.length === 0 && this.#timers.length === 0
  }

  take(): void {
    const due = this.#timers.filter(({ at }) => at <= this.time)
    this.#timers = this.#timers.filter(({ at }) => at > this.time)
    for (const run of [...due.map((timer) => timer.run), ...this.#next.splice(0)]) run()
  }
}

interface Served {
  readonly name: string
  readonly members: number
}

function newFlusher(options: { flushSlice?: number; minFlushMs?: number }) {
  const turns = new Turns()
  const served: Served[][] = []
  const delivery = {
    serve(cohort: Cohort<Subscriber>, index: number, stop: number): void {
      served.at(-1)?.push({ name: cohort.key, members: index - stop })
    },
    endSlice(): void {},
  }
  const listener = { onEntries: () => {}, onReset: () => {}, onCheck: () => {} }
  const follower = new LogFollower(createMemoryBroker(), listener, 60_000)
  const flusher = new Flusher(
    delivery,
    follower,
    { flushSlice: 1_024, cohortLogBytes: 1_000_000, minFlushMs: 0, ...options },
    turns,
  )
  let offset = 0
  return {
    flusher,
    turns,
    /** What was served in each turn. */
    served,
    publish: (cohort: Cohort<Subscriber>): void => {
      offset++
      const entry = { topics: ['a'], data: '', position: { ms: offset, offset } }
      cohort.offer({ entry, bytes: Buffer.alloc(10) })
      flusher.mark(cohort)
    },
    turn: (): readonly Served[] => {
      const now: Served[] = []
      served.push(now)
      turns.take()
      return now
    },
  }
}

function cohortOf(name: string, members: number): Cohort<Subscriber> {
  const cohort = new Cohort<Subscriber>(name, { selectors: ['a'], privateRights: undefined })
  for (let n = 0; n < members; n++) cohort.add({ index: -1 } as Subscriber)
  return cohort
}

const total = (served: readonly Served[], name: string): number =>
  served.filter((one) => one.name === name).reduce((sum, { members }) => sum + members, 0)

describe('a flush', () => {
  it('writes to a reader of a quiet topic before it is done with the ten thousand of a busy one', () => {
    const { publish, turn: take } = newFlusher({})
    const flood = cohortOf('flood', 10_000)
    const quiet = cohortOf('quiet', 1)
    publish(flood)
    expect(total(take(), 'flood')).toBe(1_024)
    publish(quiet)
    publish(flood)
    // In the very next slice, whatever else is owed.
    expect(total(take(), 'quiet')).toBe(1)
  })

  it('lets many busy topics take turns, so that a quiet one waits for a part of each', () => {
    const { publish, turn: take } = newFlusher({})
    const floods = Array.from({ length: 16 }, (_, n) => cohortOf(`flood ${n}`, 10_000))
    for (const flood of floods) publish(flood)
    take()
    publish(cohortOf('quiet', 1))
    const turns = [take(), take(), take()]
    // 16 visits of 128 are two slices.
    expect(total(turns.flat(), 'quiet')).toBe(1)
  })

  it('offers every pass to each member once, whatever is published meanwhile', () => {
    const { publish, turn: take, flusher } = newFlusher({ flushSlice: 100 })
    const [a, b] = [cohortOf('a', 450), cohortOf('b', 30)]
    const all: Served[] = []
    publish(a)
    for (let n = 0; n < 5; n++) {
      publish(a)
      publish(b)
      all.push(...take())
    }
    while (flusher.hasWork) all.push(...take())
    expect(total(all, 'a') % 450).toBe(0)
    expect(total(all, 'a')).toBeGreaterThanOrEqual(900)
    expect(total(all, 'b') % 30).toBe(0)
    expect(a.isInPass || a.isMarked || b.isInPass || b.isMarked).toBe(false)
    expect(a.base).toBe(a.head)
  })

  it('leaves the rest of the process a turn between two slices', async () => {
    hub = await createHub({ broker: new GateBroker(), flushSlice: 50 })
    const here = hub
    const pipes = Array.from({ length: 500 }, () => attachPipe(here, { selectors: ['a'] }).pipe)
    await eventually(() => pipes.every((pipe) => pipe.isLive))
    await here.publish([{ topic: 'a', data: 0 }])
    const perTurn: number[] = []
    const count = (): number => pipes.filter((pipe) => pipe.data.length > 0).length
    for (let before = 0; before < 500; before = count()) {
      await turn()
      perTurn.push(count() - before)
    }
    expect(Math.max(...perTurn)).toBeLessThanOrEqual(100)
  })
})

describe('the least time between flushes', () => {
  it('holds back what follows a flush, and lets the first event after a pause leave at once', () => {
    const { publish, turn: take, turns } = newFlusher({ minFlushMs: 50 })
    const a = cohortOf('a', 3)
    publish(a)
    expect(total(take(), 'a')).toBe(3)
    for (turns.time = 1; turns.time < 50; turns.time++) {
      publish(a)
      expect(take()).toEqual([])
    }
    publish(cohortOf('b', 1))
    turns.time = 50
    const flush = take()
    expect(total(flush, 'a')).toBe(3)
    expect(total(flush, 'b')).toBe(1)
    expect(a.head).toBe(500)
    expect(turns.isIdle).toBe(true)
    turns.time = 500
    publish(a)
    expect(total(take(), 'a')).toBe(3)
  })

  it('does not slow the slices of a flush that has begun', () => {
    const { publish, turn: take } = newFlusher({ minFlushMs: 1_000, flushSlice: 10 })
    const a = cohortOf('a', 95)
    publish(a)
    let turns = 0
    for (let served = 0; served < 95; turns++) served += total(take(), 'a')
    expect(turns).toBeLessThanOrEqual(11)
  })

  it('is over when the hub leaves', () => {
    const { publish, turn: take, flusher, turns } = newFlusher({ minFlushMs: 1_000 })
    const a = cohortOf('a', 1)
    publish(a)
    take()
    publish(a)
    expect(take()).toEqual([])
    flusher.hurry()
    expect(total(take(), 'a')).toBe(1)
    expect(turns.isIdle).toBe(true)
  })

  it('delivers everything in order', async () => {
    hub = await createHub({ broker: createMemoryBroker(), minFlushMs: 5 })
    const here = hub
    const pipes: Pipe[] = ['a', 'b'].map((topic) => attachPipe(here, { selectors: [topic] }).pipe)
    await eventually(() => pipes.every((pipe) => pipe.isLive))
    for (let n = 0; n < 200; n++) {
      await here.publish([{ topics: ['a', 'b'], data: n }])
      if (n % 10 === 0) await turn()
    }
    await eventually(() => pipes.every((pipe) => pipe.data.length === 200))
    for (const pipe of pipes) expect(pipe.data).toEqual(pipe.data.map((_, n) => String(n)))
    expect(pipes[0]?.writes.length).toBeLessThan(60)
  })
})

describe('a queue of cohorts', () => {
  it('is first in, first out, also across an append', () => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => cohortOf(name, 0))
    const [one, two] = [
      new CohortQueue<Cohort<Subscriber>>(),
      new CohortQueue<Cohort<Subscriber>>(),
    ]
    if (a === undefined || b === undefined || c === undefined || d === undefined) return
    one.append(two)
    one.push(a)
    two.push(b)
    two.push(c)
    one.append(two)
    expect(two.isEmpty).toBe(true)
    two.push(d)
    expect([one.shift(), one.shift(), two.shift()]).toEqual([a, b, d])
    one.push(d)
    expect([one.shift(), one.shift(), one.shift()]).toEqual([c, d, undefined])
    expect(one.isEmpty && two.isEmpty).toBe(true)
  })
})
