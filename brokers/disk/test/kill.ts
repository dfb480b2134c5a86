import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import assert from 'node:assert/strict'
import type { Broker, Entry } from '@heartline/broker'
import { openDiskBroker } from '../src/index.ts'
import { eventData, parseEvent, PUBLISHERS, publishIdOf, topicOf } from './kill-event.ts'

/** An append that the killed process was told to be safe. */
interface Witnessed {
  readonly publisher: number
  readonly number: number
  readonly offset: number
  readonly ms: number
}

export interface KillRound {
  readonly witnessed: number
  readonly stored: number
  /** In the store, although nobody was told. */
  readonly unacknowledged: number
  readonly tornBytes: number
  readonly entriesCut: number
}

export interface KillOptions {
  readonly directory: string
  readonly killAfterMs: number
  readonly maxEntries: number
  /** The first number of every publisher. */
  readonly start: number
  /** From when the time is counted. Default: from the start. */
  readonly killAfter?: 'ready' | 'full' | undefined
  /** Free space that the process leaves. Default 0: it does not look. */
  readonly reserveBytes?: number | undefined
  /** Called between the kill and the open. */
  readonly beforeOpen?: (() => Promise<void>) | undefined
}

/** Lets a process publish, kills it, opens its store and checks everything it was told. */
export async function killRound(options: KillOptions): Promise<KillRound> {
  const witnessed = await publishUntilKilled(options)
  await options.beforeOpen?.()
  const { directory, maxEntries } = options
  // Without retention: the log must not move while it is checked.
  const broker = await openDiskBroker({ directory, reserveBytes: 0 })
  try {
    const entries = await readLog(broker)
    checkEntries(entries, await broker.state().then(({ base }) => base.offset))
    checkWitnessed(witnessed, entries)
    await checkIndex(broker, entries)
    await checkIds(broker, entries)
    const told = new Set(witnessed.map(({ offset }) => offset))
    const fresh = entries.filter(({ data }) => (parseEvent(data)?.number ?? 0) >= options.start)
    const { tornBytes, entriesCut } = broker.recovery
    assert.equal(broker.recovery.clean, false)
    const unacknowledged = fresh.filter(({ position }) => !told.has(position.offset)).length
    return {
      witnessed: witnessed.length,
      stored: entries.length,
      unacknowledged: maxEntries < 1_000_000 ? 0 : unacknowledged,
      tornBytes,
      entriesCut,
    }
  } finally {
    await broker.close()
  }
}

async function publishUntilKilled(options: KillOptions): Promise<Witnessed[]> {
  const { directory, maxEntries, start, killAfterMs } = options
  const program = fileURLToPath(new URL('kill-child.ts', import.meta.url))
  const tsx = import.meta.resolve('tsx')
  const flags = ['--import', tsx, '--conditions=@heartline/source', program]
  const numbers = [maxEntries, start, options.reserveBytes ?? 0].map(String)
  const child = spawn(process.execPath, [...flags, directory, ...numbers], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const witnessed: Witnessed[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === (options.killAfter ?? 'ready')) {
      setTimeout(() => child.kill('SIGKILL'), killAfterMs)
      continue
    }
    // The last line may be cut by the kill.
    const match = /^(\d+) (\d+) (\d+) (\d+)$/.exec(line)
    if (match === null) continue
    const [publisher = 0, number = 0, offset = 0, ms = 0] = match.slice(1).map(Number)
    witnessed.push({ publisher, number, offset, ms })
  }
  const [, signal] = await exited
  assert.equal(signal, 'SIGKILL', 'the process ended by itself')
  // A cut last line can look whole: digits are missing at its end.
  if (witnessed.length > 0) witnessed.pop()
  return witnessed
}

async function readLog(broker: Broker): Promise<Entry[]> {
  const { base, last } = await broker.state()
  const entries: Entry[] = []
  let after = base.offset
  while (after < last.offset) {
    const page = await broker.read({ after, maxEntries: 5_000, maxBytes: 4 * 1024 * 1024 })
    entries.push(...page.entries)
    after = page.through
  }
  return entries
}

/** No hole, no broken entry, every publisher in order. */
function checkEntries(entries: readonly Entry[], base: number): void {
  const numbers = new Map<number, number>()
  for (const [index, { position, data, topics }] of entries.entries()) {
    assert.equal(position.offset, base + index + 1, 'a hole')
    const event = parseEvent(data)
    assert.ok(event, `a broken entry at ${position.offset}`)
    assert.deepEqual(topics, [topicOf(event.publisher)])
    const before = numbers.get(event.publisher) ?? -1
    assert.ok(event.number > before, `publisher ${event.publisher} is out of order`)
    numbers.set(event.publisher, event.number)
  }
}

/** Everything that was acknowledged is there, where it was said to be. */
function checkWitnessed(witnessed: readonly Witnessed[], entries: readonly Entry[]): void {
  const first = entries[0]?.position.offset ?? Infinity
  for (const { publisher, number, offset, ms } of witnessed) {
    if (offset < first && entries.length > 0) continue
    const entry = entries[offset - first]
    assert.ok(entry, `acknowledged entry ${offset} is lost`)
    assert.equal(entry.position.ms, ms)
    assert.equal(entry.data, eventData(publisher, number))
  }
}

/** The topic index agrees with the log. */
async function checkIndex(broker: Broker, entries: readonly Entry[]): Promise<void> {
  const { base } = await broker.state()
  for (const publisher of [0, 17, 63]) {
    const topics = [topicOf(publisher)]
    const expected = entries.filter((entry) => entry.topics[0] === topics[0])
    const found: Entry[] = []
    for (let after = base.offset, done = false; !done;) {
      const page = await broker.read({ after, topics, maxEntries: 5_000, maxBytes: 2 ** 24 })
      found.push(...page.entries)
      after = page.through
      done = page.done
    }
    assert.deepEqual(
      found.map(({ position }) => position),
      expected.map(({ position }) => position),
    )
  }
}

/** A publisher that repeats its last publish is told the first position. */
async function checkIds(broker: Broker, entries: readonly Entry[]): Promise<void> {
  const newest = new Map<number, { number: number; entry: Entry }>()
  for (const entry of entries.slice(-5_000)) {
    const event = parseEvent(entry.data)
    if (event !== undefined) newest.set(event.publisher, { number: event.number, entry })
  }
  for (const [publisher, { number, entry }] of newest) {
    const publishId = publishIdOf(publisher, number)
    const [result] = await broker.append([{ topics: ['x'], data: '', publishId }])
    assert.deepEqual(result, { position: entry.position, duplicate: true })
  }
  assert.ok(newest.size <= PUBLISHERS)
}
