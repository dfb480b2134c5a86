import { randomBytes } from 'node:crypto'
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises'
import type { EventMap } from '../event.ts'
import type { CacheChange, CacheRecord, CacheStore } from './cache-store.ts'
import { EventCache, type CacheOptions } from './event-cache.ts'

/** So much of a file may be out of date before it is written anew, beside what is not. */
const SPARE_BYTES = 65_536

/**
 * A cache in a file. A crash leaves whole values only. One process at a time may use a file.
 *
 * @throws HeartlineError `HL_CLIENT_CACHE_OPTION_INVALID`
 */
export function fileCache<Events extends EventMap = EventMap>(
  path: string,
  options?: CacheOptions<Events>,
): EventCache<Events> {
  return new EventCache<Events>(new FileCacheStore(path), options)
}

/**
 * A journal: what changes is added at the end, one line each, and the file is written anew, beside
 * the old one, when more than half of it is out of date.
 */
class FileCacheStore implements CacheStore {
  readonly #path: string
  /** The line of each value: no more than the bounds of the cache allow. */
  readonly #lines = new Map<string, string>()
  #liveBytes = 0
  /** Infinity: it has to be written anew. */
  #fileBytes = 0
  #reading: Promise<void> | undefined

  constructor(path: string) {
    this.#path = path
  }

  async load(): Promise<readonly CacheRecord[]> {
    await this.#read()
    return Array.from(this.#lines, ([name, line]) => ({ name, text: textOf(line) ?? '' }))
  }

  async write(changes: readonly CacheChange[]): Promise<void> {
    await this.#read()
    let added = ''
    for (const { name, text } of changes) {
      const line = toLine(name, text)
      this.#note(name, text === undefined ? undefined : line)
      added += line
    }
    this.#fileBytes += Buffer.byteLength(added)
    if (this.#fileBytes > this.#liveBytes * 2 + SPARE_BYTES) await this.#writeAnew()
    else await this.#append(added)
  }

  async clear(): Promise<void> {
    this.#lines.clear()
    this.#liveBytes = 0
    this.#reading = Promise.resolve()
    await this.#writeAnew()
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readFile()
    // Tried anew after a failure.
    this.#reading.catch(() => (this.#reading = undefined))
    return this.#reading
  }

  async #readFile(): Promise<void> {
    const content = await readOrEmpty(this.#path)
    const lines = content.split(/(?<=\n)/)
    this.#fileBytes = Buffer.byteLength(content)
    for (const line of lines) {
      const name = nameIn(line)
      // Half a line, of a crash: what is added to it would be lost.
      if (name === undefined) this.#fileBytes = Infinity
      else this.#note(name, textOf(line) === undefined ? undefined : line)
    }
  }

  #note(name: string, line: string | undefined): void {
    this.#liveBytes -= Buffer.byteLength(this.#lines.get(name) ?? '')
    this.#lines.delete(name)
    if (line === undefined) return
    this.#lines.set(name, line)
    this.#liveBytes += Buffer.byteLength(line)
  }

  async #append(added: string): Promise<void> {
    const sizeBefore = this.#fileBytes
    // A full disk may take a part of it.
    this.#fileBytes = Infinity
    await appendFile(this.#path, added, { mode: 0o600 })
    this.#fileBytes = sizeBefore
  }

  async #writeAnew(): Promise<void> {
    this.#fileBytes = Infinity
    const beside = `${this.#path}.${randomBytes(4).toString('hex')}`
    await writeFile(beside, [...this.#lines.values()].join(''), { mode: 0o600 })
    await rename(beside, this.#path)
    this.#fileBytes = this.#liveBytes
  }
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

function toLine(name: string, text: string | undefined): string {
  return `${JSON.stringify(text === undefined ? [name] : [name, text])}\n`
}

function nameIn(line: string): string | undefined {
  return partsOf(line)?.[0]
}

function textOf(line: string): string | undefined {
  return partsOf(line)?.[1]
}

function partsOf(line: string): readonly [string, string?] | undefined {
  try {
    return line.endsWith('\n') ? (JSON.parse(line) as [string, string?]) : undefined
  } catch {
    return undefined
  }
}
