import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createOutbox, type OutboxOptions } from './create-outbox.ts'
import type { OutboxEntry, OutboxStore } from './outbox-store.ts'
import type { Outbox } from './outbox.ts'

/** Twelve digits, so that the order of names is the order of numbers. */
const NAME = /^(\d{12})\.json$/

/**
 * Keeps what was published in a folder, one file an entry, written to the disk before it is sent. A
 * crash leaves whole entries only. One process at a time may use a folder.
 */
export function fileOutbox(folder: string, options?: OutboxOptions): Outbox {
  return createOutbox(new FolderOutboxStore(folder), options)
}

/** A folder with one file an entry. */
export class FolderOutboxStore implements OutboxStore {
  readonly #folder: string
  readonly #files = new Map<string, string>()
  #last: Promise<number> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  async load(): Promise<readonly OutboxEntry[]> {
    const entries: OutboxEntry[] = []
    for (const file of await this.#list()) {
      const entry = JSON.parse(await readFile(join(this.#folder, file), 'utf8')) as OutboxEntry
      this.#files.set(entry.id, file)
      entries.push(entry)
    }
    return entries
  }

  async add(entry: OutboxEntry): Promise<void> {
    const name = `${String(await this.#number()).padStart(12, '0')}.json`
    const path = join(this.#folder, name)
    const file = await open(`${path}.new`, 'w')
    try {
      await file.writeFile(JSON.stringify(entry))
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(`${path}.new`, path)
    this.#files.set(entry.id, name)
  }

  async remove(id: string): Promise<void> {
    const file = this.#files.get(id)
    if (file === undefined) return
    this.#files.delete(id)
    await unlink(join(this.#folder, file))
  }

  /** One more than the largest, in the order of the calls. */
  #number(): Promise<number> {
    const before = this.#last ?? this.#list().then((files) => Number.parseInt(files.at(-1) ?? '0'))
    const number = before.then((last) => last + 1)
    this.#last = number
    // Tried anew after a failure.
    number.catch(() => (this.#last = undefined))
    return number
  }

  async #list(): Promise<string[]> {
    await mkdir(this.#folder, { recursive: true })
    return (await readdir(this.#folder)).filter((name) => NAME.test(name)).sort()
  }
}
