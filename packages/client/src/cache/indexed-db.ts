import { committed, openDatabase, settled } from '../store/database.ts'
import type { CacheChange, CacheRecord, CacheStore } from './cache-store.ts'

const TABLE = 'values'

/** Keeps values for an origin, over reloads and restarts of the browser, also in workers. */
export class DatabaseCacheStore implements CacheStore {
  readonly #name: string
  #opening: Promise<IDBDatabase> | undefined

  constructor(name: string) {
    this.#name = `heartline-cache-${name}`
  }

  async load(): Promise<readonly CacheRecord[]> {
    const table = (await this.#open()).transaction(TABLE).objectStore(TABLE)
    const [names, texts] = await Promise.all([
      settled(table.getAllKeys()) as Promise<string[]>,
      settled<string[]>(table.getAll()),
    ])
    return texts.map((text, index) => ({ name: names[index] as string, text }))
  }

  async write(changes: readonly CacheChange[]): Promise<void> {
    const transaction = (await this.#open()).transaction(TABLE, 'readwrite')
    const table = transaction.objectStore(TABLE)
    for (const { name, text } of changes) {
      if (text === undefined) table.delete(name)
      else table.put(text, name)
    }
    await committed(transaction)
  }

  async clear(): Promise<void> {
    const transaction = (await this.#open()).transaction(TABLE, 'readwrite')
    transaction.objectStore(TABLE).clear()
    await committed(transaction)
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= openDatabase(this.#name, TABLE, false)
    // Tried anew after a failure.
    this.#opening.catch(() => (this.#opening = undefined))
    return this.#opening
  }
}
