import type { HeartlineError } from '@heartline/wire'
import { toHandlerError } from '../handlers.ts'
import type { CacheChange, CacheRecord } from './cache-store.ts'
import type { CachedEvent } from './cached-event.ts'

interface Value {
  readonly event: CachedEvent
  /** Of its JSON; 0 until it is measured. */
  bytes: number
}

/** Changes, and which of their names the store did not have before. */
interface Unwritten {
  readonly changes: readonly CacheChange[]
  readonly added: ReadonlySet<string>
}

const encoder = new TextEncoder()

/**
 * Values by name, within a number and a size. JSON is made once a turn for each name that changed,
 * however often it did.
 */
export class Values {
  readonly #maxKeys: number
  readonly #maxBytes: number
  readonly #report: (error: HeartlineError) => void
  /** The one that did not change for longest is first. */
  #byName = new Map<string, Value>()
  #bytes = 0
  readonly #unmeasured = new Set<string>()
  /** What the store does not have yet; undefined: it is gone. */
  #unwritten = new Map<string, string | undefined>()
  /**
   * What the store has or is being given. Only of these it is told that they are gone, or the names
   * alone would fill the memory while a store fails.
   */
  #stored = new Set<string>()
  /** Until then, the store may have anything. */
  #isLoaded = false

  constructor(maxKeys: number, maxBytes: number, report: (error: HeartlineError) => void) {
    this.#maxKeys = maxKeys
    this.#maxBytes = maxBytes
    this.#report = report
  }

  get size(): number {
    return this.#byName.size
  }

  get(name: string): CachedEvent | undefined {
    return this.#byName.get(name)?.event
  }

  list(): CachedEvent[] {
    return Array.from(this.#byName.values(), ({ event }) => event)
  }

  set(name: string, event: CachedEvent): void {
    this.#forget(name)
    this.#byName.set(name, { event, bytes: 0 })
    this.#unmeasured.add(name)
  }

  drop(name: string): void {
    this.#forget(name)
    this.#unmeasured.delete(name)
    if (this.#stored.has(name) || !this.#isLoaded) this.#unwritten.set(name, undefined)
    else this.#unwritten.delete(name)
  }

  /** Everything goes, here and, whoever calls sees to it, in the store. */
  clear(): string[] {
    const names = [...this.#byName.keys()]
    this.#byName = new Map()
    this.#unwritten = new Map()
    this.#unmeasured.clear()
    this.#stored.clear()
    this.#bytes = 0
    return names
  }

  /**
   * Adds what a store had, below what is here.
   *
   * @returns The names that are new.
   */
  addOlder(
    records: readonly CacheRecord[],
    read: (record: CacheRecord) => CachedEvent | undefined,
  ): string[] {
    const older: [string, Value][] = []
    this.#isLoaded = true
    for (const record of records) {
      this.#stored.add(record.name)
      const event = read(record)
      if (event === undefined) this.#unwritten.set(record.name, undefined)
      else if (!this.#byName.has(record.name) && !this.#unwritten.has(record.name)) {
        older.push([record.name, { event, bytes: bytesOf(record.text) }])
      }
    }
    older.sort(([, a], [, b]) => a.event.at - b.event.at)
    for (const [, { bytes }] of older) this.#bytes += bytes
    this.#byName = new Map([...older, ...this.#byName])
    return older.map(([name]) => name)
  }

  /**
   * Measures what changed and keeps within the bounds.
   *
   * @returns The names of what had to go.
   */
  measure(): string[] {
    for (const name of this.#unmeasured) this.#measureOne(name)
    this.#unmeasured.clear()
    const gone: string[] = []
    for (const name of this.#byName.keys()) {
      if (this.#byName.size <= this.#maxKeys && this.#bytes <= this.#maxBytes) break
      this.drop(name)
      gone.push(name)
    }
    return gone
  }

  /** What the store does not have yet. Whoever takes it keeps it, or gives it back before the next. */
  takeUnwritten(): Unwritten {
    const changes = Array.from(this.#unwritten, ([name, text]) => ({ name, text }))
    const added = changes.filter(({ name }) => !this.#stored.has(name))
    for (const { name, text } of changes) {
      if (text === undefined) this.#stored.delete(name)
      else this.#stored.add(name)
    }
    this.#unwritten = new Map()
    return { changes, added: new Set(added.map(({ name }) => name)) }
  }

  /** These could not be written. */
  giveBack({ changes, added }: Unwritten): void {
    for (const { name, text } of changes) {
      if (added.has(name)) this.#stored.delete(name)
      else this.#stored.add(name)
      if (!this.#unwritten.has(name)) this.#unwritten.set(name, text)
      if (added.has(name) && !this.#byName.has(name)) this.#unwritten.delete(name)
    }
  }

  #measureOne(name: string): void {
    const value = this.#byName.get(name)
    if (value === undefined) return
    const text = this.#toText(value.event)
    const bytes = text === undefined ? Infinity : bytesOf(text)
    // Nor is the value before it served: it is not the last one any more.
    if (bytes > this.#maxBytes) return this.drop(name)
    value.bytes = bytes
    this.#bytes += bytes
    this.#unwritten.set(name, text)
  }

  /** Undefined for what JSON does not know, which a schema may have made of the data. */
  #toText(event: CachedEvent): string | undefined {
    try {
      return event.data === undefined ? undefined : JSON.stringify(event)
    } catch (thrown) {
      this.#report(toHandlerError(event.type, thrown))
      return undefined
    }
  }

  #forget(name: string): void {
    this.#bytes -= this.#byName.get(name)?.bytes ?? 0
    this.#byName.delete(name)
  }
}

function bytesOf(text: string): number {
  return encoder.encode(text).length
}
