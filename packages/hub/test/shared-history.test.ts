import fc from 'fast-check'
import { createMemoryBroker, type Entry } from '@heartline/broker'
import { afterEach, describe, expect, it } from 'vitest'
import { Cohort, type CohortMember } from '../src/cohort.ts'
import { CursorFrames } from '../src/cursor-frames.ts'
import { toFrame } from '../src/frame.ts'
import { HistoryReader } from '../src/history-reader.ts'
import { gatherSegment } from '../src/history-segment.ts'
import { createHub, type Hub, type HubOptions } from '../src/index.ts'
import { LogFollower } from '../src/log-follower.ts'
import { NamespaceTable } from '../src/namespace.ts'
import { resolveHubOptions } from '../src/options.ts'
import { Pacer, PAGE_COST } from '../src/pacer.ts'
import { RecentWindow } from '../src/recent-window.ts'
import { MAX_SHARED_BYTES, SharedHistory } from '../src/shared-history.ts'
import { eventually } from './fixture.ts'
import { GateBroker, turn } from './gate-broker.ts'
import { attachPipe, Pipe } from './pipe.ts'

let hub: Hub
afterEach(async () => hub?.close())

interface Published {
  readonly topic: string
  readonly data: string
  readonly private: boolean
  readonly id: string
}

/** Keeps the very buffers that it is handed. */
class Keeper extends Pipe {
  readonly buffers: Uint8Array[] = []

  override write(bytes: Uint8Array): boolean {
    this.buffers.push(bytes)
    return super.write(bytes)
  }
}

async function start(broker: GateBroker, options: Partial<HubOptions> = {}): Promise<void> {
  hub = await createHub({ ...options, broker })
}

async function publish(count: number, more: (n: number) => object = () => ({})): Promise<string[]> {
  const ids: string[] = []
  for (let n = 1; n <= count; n++) {
    const [result] = await hub.publish([{ topic: 'a', data: n, ...more(n) }])
    ids.push(result?.id ?? '')
  }
  return ids
}

describe('readers that come back', () => {
  it('get what is theirs after their cursors, in order, once, whatever they share', async () => {
    const topics = fc.constantFrom('a', 'b', 'c/d')
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ topic: topics, size: fc.constantFrom(1, 900), private: fc.boolean() }),
          {
            minLength: 1,
            maxLength: 300,
          },
        ),
        fc.array(
          fc.record({
            place: fc.double({ min: 0, max: 0.999, noNaN: true }),
            selectors: fc.constantFrom(['a'], ['b', 'c/*'], ['**']),
            rights: fc.constantFrom(undefined, ['a'], ['c/**']),
            isHeld: fc.boolean(),
          }),
          { minLength: 1, maxLength: 30 },
        ),
        fc.constantFrom(0, 20_000, 1_000_000),
        comeBack,
      ),
      { numRuns: 40 },
    )
  })

  async function comeBack(
    events: readonly { topic: string; size: number; private: boolean }[],
    readers: readonly {
      place: number
      selectors: readonly string[]
      rights: readonly string[] | undefined
      isHeld: boolean
    }[],
    recentBytes: number,
  ): Promise<void> {
    await start(new GateBroker(), { recentBytes })
    const log: Published[] = []
    const add = async (topic: string, size: number, isPrivate: boolean): Promise<void> => {
      const data = `${log.length} ${'x'.repeat(size)}`
      const [result] = await hub.publish([{ topic, data, private: isPrivate }])
      log.push({ topic, data, private: isPrivate, id: result?.id ?? '' })
    }
    for (const event of events) await add(event.topic, event.size, event.private)
    const back = readers.map(({ place, selectors, rights, isHeld }) => {
      const index = Math.floor(place * log.length)
      const pipe = new Pipe()
      const request = { selectors, rights, anonymous: true, lastEventId: log[index]?.id }
      attachPipe(hub, request, { pipe })
      pipe.isHeld = isHeld
      return { pipe, index, selectors, rights }
    })
    // Live events fall between the steps of the replays.
    for (let n = 0; n < 5; n++) {
      await add('a', 5, false)
      await turn()
    }
    for (const { pipe } of back) pipe.release()
    await add('a', 1, false)
    for (const { pipe, index, selectors, rights } of back) {
      const wanted = log
        .slice(index + 1)
        .filter(({ topic }) => selectors.includes(topic) || matches(selectors, topic))
        .filter((event) => !event.private || rights === undefined || matches(rights, event.topic))
        .map((event) => event.data)
      await eventually(() => pipe.isLive && pipe.data.length >= wanted.length)
      expect(pipe.data).toEqual(wanted)
      expect(pipe.gaps).toEqual([])
    }
    await hub.close()
  }

  const matches = (selectors: readonly string[], topic: string): boolean =>
    selectors.some((selector) =>
      ['**', topic, topic === 'c/d' ? 'c/*' : '', topic === 'c/d' ? 'c/**' : ''].includes(selector),
    )

  it('are handed the same bytes when they were at the same place', async () => {
    await start(new GateBroker())
    const ids = await publish(300)
    const keepers = Array.from({ length: 50 }, () => new Keeper())
    for (const pipe of keepers) {
      attachPipe(hub, { selectors: ['a'], lastEventId: ids[199] }, { pipe })
    }
    await eventually(() => keepers.every((pipe) => pipe.data.length === 100))
    const [first] = keepers
    // The greeting, then all they are owed and their cursor.
    expect(first?.buffers).toHaveLength(2)
    for (const pipe of keepers) expect(pipe.buffers[1]).toBe(first?.buffers[1])
    expect(hub.stats()).toMatchObject({ delivered: 5_000, replayed: 5_000, replaying: 0 })
  })

  it('cost one reading of the log, however many they are', async () => {
    const broker = new GateBroker()
    await start(broker, { recentBytes: 0 })
    const ids = await publish(400)
    const before = broker.reads
    const pipes = Array.from({ length: 200 }, (_, n) => {
      const lastEventId = ids[n % 2 === 0 ? 99 : 100 + (n % 100)]
      return { pipe: attachPipe(hub, { selectors: ['a'], lastEventId }).pipe, n }
    })
    await eventually(() => pipes.every(({ pipe }) => pipe.isLive))
    for (const { pipe, n } of pipes) {
      expect(pipe.data).toHaveLength(n % 2 === 0 ? 300 : 299 - (n % 100))
    }
    expect(broker.reads - before).toBeLessThan(10)
  })

  it('are told what is kept back from each of them, and what is too old is not shared', async () => {
    const namespaces = [
      { topics: 'none', history: 'none' as const },
      { topics: 'latest', history: 'latest' as const },
    ]
    await start(new GateBroker(), { namespaces })
    const ids = await publish(30, (n) => ({ topic: ['a', 'none', 'latest'][n % 3] }))
    const pipes = [0, 0, 4].map(
      (at) => attachPipe(hub, { selectors: ['**'], lastEventId: ids[at] }).pipe,
    )
    await eventually(() => pipes.every((pipe) => pipe.isLive))
    for (const [index, pipe] of pipes.entries()) {
      // Of the latest-value topic only the newest.
      expect(pipe.data.filter((data) => Number(data) % 3 === 2)).toEqual(['29'])
      expect(pipe.data.filter((data) => Number(data) % 3 === 0)).toHaveLength(index < 2 ? 10 : 9)
      expect(pipe.gaps.length).toBeGreaterThan(0)
      expect(pipe.gaps.every((gap) => gap.reason === 'expired')).toBe(true)
    }
  })

  it('leave the live ones their turns', async () => {
    await start(new GateBroker())
    const ids = await publish(100)
    const live = attachPipe(hub, { selectors: ['live'] }).pipe
    await eventually(() => live.isLive)
    const back = Array.from(
      { length: 1_000 },
      () => attachPipe(hub, { selectors: ['a'], lastEventId: ids[0] }).pipe,
    )
    await turn()
    await hub.publish([{ topic: 'live', data: 'now' }])
    await turn()
    await turn()
    expect(live.data).toEqual(['now'])
    expect(back.filter((pipe) => pipe.isLive).length).toBeLessThanOrEqual(4 * 128)
    await eventually(() => back.every((pipe) => pipe.isLive))
  })
})

const at = (offset: number): Entry['position'] => ({ ms: offset, offset })

async function newShared(events: number, bytes: number) {
  const broker = createMemoryBroker()
  const options = resolveHubOptions({ broker })
  const listener = { onEntries: () => {}, onReset: () => {}, onCheck: () => {} }
  const follower = new LogFollower(broker, listener, 60_000)
  const window = new RecentWindow(1_000_000_000)
  for (let offset = 1; offset <= events; offset++) {
    const entry = { topics: ['a'], data: 'x'.repeat(bytes), position: at(offset) }
    window.add(toFrame(entry, 'e'))
  }
  follower.reset({ epoch: 'e', base: at(0), last: at(events) })
  const namespaces = new NamespaceTable(options)
  const history = new HistoryReader(broker, window, follower)
  return new SharedHistory({ history, namespaces, cursors: new CursorFrames(follower) })
}

const cohortOf = (name: string): Cohort<CohortMember> =>
  new Cohort(name, { selectors: ['a'], privateRights: undefined })

describe('what they share', () => {
  it('is bounded for the hub, whatever is asked for, and gone when it is cleared', async () => {
    const shared = await newShared(1_000, 2_000)
    for (let n = 0; n < 60; n++) {
      const cohort = cohortOf(`c${n}`)
      for (let after = 0; after < 1_000; after += 30) {
        const piece = shared.recent(cohort, after, at(1_000), n % 2 === 0 ? 'raw' : 'chunked')
        expect(piece?.through).toBeGreaterThan(after)
        expect(shared.cost).toBeLessThanOrEqual(MAX_SHARED_BYTES)
      }
    }
    expect(shared.cost).toBeGreaterThan(MAX_SHARED_BYTES / 4)
    shared.clear()
    expect(shared.cost).toBe(0)
  })

  it('gives pieces that join to all there is, a large event in one of its own', async () => {
    const shared = await newShared(300, 3_000)
    const cohort = cohortOf('c')
    const [pieces, events] = [[] as number[], [] as number[]]
    for (let after = 7; after < 300;) {
      const piece = shared.recent(cohort, after, at(300), 'raw')
      if (piece === undefined) throw new Error('not in memory')
      pieces.push(piece.bytes.length)
      events.push(piece.events)
      expect(piece.isFinal).toBe(piece.through === 300)
      after = piece.through
    }
    expect(Math.max(...pieces)).toBeLessThan(66_000)
    expect(events.reduce((sum, count) => sum + count, 0)).toBe(293)
    const large = await newShared(3, 150_000)
    expect(large.recent(cohort, 1, at(3), 'raw')?.events).toBe(1)
  })

  it('is not gathered where it depends on more than the entry and the cohort', () => {
    const namespaces = new NamespaceTable(
      resolveHubOptions({
        broker: createMemoryBroker(),
        namespaces: [
          { topics: 'old', historyMaxAgeMs: 1_000 },
          { topics: 'none', history: 'none' },
          { topics: 'latest', history: 'latest' },
        ],
      }),
    )
    const all = new Cohort<CohortMember>('', { selectors: ['**'], privateRights: undefined })
    const gather = (topic: string, cohort = all) => {
      const frames = [toFrame({ topics: [topic], data: '', position: at(1) }, 'e')]
      return gatherSegment({ from: 0, through: 1, frames }, cohort, namespaces)
    }
    expect(['a', 'old', 'none', 'latest'].map((topic) => gather(topic).isShared)).toEqual([
      true,
      false,
      false,
      false,
    ])
    // It is nothing to a cohort that does not ask for it.
    expect(gather('old', cohortOf('c')).isShared).toBe(true)
  })
})

describe('the pacer', () => {
  it('takes so many steps or bytes a turn, in order, and first what holds something', async () => {
    const pacer = new Pacer()
    const taken: string[] = []
    const step = (name: string, cost: number) => ({
      advance() {
        taken.push(name)
        return cost
      },
    })
    for (let n = 0; n < 300; n++) pacer.add(step(`w${n}`, 0))
    pacer.addReady(step('ready', 0))
    await turn()
    expect(taken.length).toBe(12)
    expect(taken.slice(0, 3)).toEqual(['ready', 'w0', 'w1'])
    for (let n = 0; n < 26; n++) await turn()
    expect(taken.length).toBe(301)
    taken.length = 0
    for (let n = 0; n < 9; n++) pacer.add(step(`p${n}`, PAGE_COST))
    await turn()
    expect(taken).toEqual(['p0'])
    await pacer.turn()
    expect(taken.length).toBe(9)
  })
})
