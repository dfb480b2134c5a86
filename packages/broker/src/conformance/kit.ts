import { afterEach, expect } from 'vitest'
import { HeartlineError } from '@heartline/wire'
import type { Broker, Entry, LogState, NewEntry, ReadPage, Tail, TailSink } from '../broker.ts'
import { toEntry } from '../entry.ts'
import type { BrokerAbilities, ConformanceOptions, CreateBroker } from './target.ts'

/** What every part of the suite works with. */
export interface Bench {
  readonly abilities: BrokerAbilities
  /** A new, empty log that is closed after the test. */
  readonly open: (options?: ConformanceOptions) => Promise<Broker>
  /** The same log after a close and an open. */
  readonly reopen: (broker: Broker, options?: ConformanceOptions) => Promise<Broker>
}

export function createBench(create: CreateBroker, abilities: BrokerAbilities): Bench {
  const opened: Broker[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((broker) => broker.close()))
  })
  return {
    abilities,
    open: async (options = {}) => {
      const broker = await create(options)
      opened.push(broker)
      return broker
    },
    reopen: async (broker, options = {}) => {
      const again = await abilities.reopen?.(broker, options)
      if (again === undefined) return broker
      opened.push(again)
      return again
    },
  }
}

/** A clock that moves only when told. */
export class ManualClock {
  ms = 1_700_000_000_000
  readonly now = (): number => this.ms
}

/** A sink that keeps what it is told and checks that nothing comes out of order. */
export class Recorder implements TailSink {
  readonly received: Entry[] = []
  readonly calls: string[] = []
  readonly resets: LogState[] = []
  onEntries: ((batch: readonly Entry[]) => void) | undefined

  entries(batch: readonly Entry[]): void {
    this.calls.push('entries')
    this.received.push(...batch)
    this.onEntries?.(batch)
  }

  state(state: 'live' | 'stale'): void {
    this.calls.push(state)
  }

  reset(state: LogState): void {
    this.calls.push('reset')
    this.resets.push(state)
  }

  get offsets(): number[] {
    return this.received.map((entry) => entry.position.offset)
  }

  get data(): string[] {
    return this.received.map((entry) => entry.data)
  }
}

/** Starts a tail with a new recorder. */
export async function record(
  broker: Broker,
  after: number,
): Promise<{ sink: Recorder; tail: Tail }> {
  const sink = new Recorder()
  return { sink, tail: await broker.tail(after, sink) }
}

/** One entry of one topic. */
export function entry(data: string, more: Partial<NewEntry> = {}): NewEntry {
  return { topics: ['news'], data, ...more }
}

/** `count` entries with the data `<prefix>1`, `<prefix>2`, ... */
export function numbered(count: number, prefix = ''): NewEntry[] {
  return Array.from({ length: count }, (_, index) => entry(`${prefix}${index + 1}`))
}

/** Reads everything that `request` names, page after page. */
export async function readAll(
  broker: Broker,
  request: Parameters<Broker['read']>[0],
): Promise<Entry[]> {
  const entries: Entry[] = []
  let page: ReadPage
  let after = request.after
  do {
    page = await broker.read({ ...request, after })
    entries.push(...page.entries)
    after = page.through
  } while (!page.done)
  return entries
}

/** The code that a promise rejects with. Fails when it resolves or rejects with something else. */
export async function rejectionCode(promise: Promise<unknown>): Promise<string> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
  expect(outcome).toBeInstanceOf(HeartlineError)
  return outcome instanceof HeartlineError ? outcome.code : ''
}

/** Waits until `holds` is true: for what a broker does in the background. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000
  while (!(await holds())) {
    expect(Date.now(), 'waited too long').toBeLessThan(deadline)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** What the log gives back for a new entry, without its position. */
export function asRead(given: NewEntry): object {
  const { position: _position, ...rest } = toEntry(given, { ms: 0, offset: 0 })
  return rest
}

/** The stored entry without its position. */
export function withoutPosition(stored: Entry | undefined): object {
  if (stored === undefined) return {}
  const { position: _position, ...rest } = stored
  return rest
}

/** A small repeatable random source: the same seed gives the same run. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
