import { committed, openDatabase, settled } from '../store/database.ts'
import { createOutbox, type OutboxOptions } from './create-outbox.ts'
import type { OutboxEntry, OutboxStore } from './outbox-store.ts'
import type { Outbox } from './outbox.ts'

const TABLE = 'entries'

/**
 * Keeps what was published for an origin, over reloads and restarts of the browser.
 *
 * @param name Names the queue. Pages that are open at once need different ones, or each sends what
 *   another has begun: it is stored once all the same.
 */
export function indexedDbOutbox(name: string, options?: OutboxOptions): Outbox {
  return createOutbox(new DatabaseOutboxStore(`heartline-outbox-${name}`), options)
}

class DatabaseOutboxStore implements OutboxStore {
  readonly #name: string
  readonly #keys = new Map<string, IDBValidKey>()
  #opening: Promise<IDBDatabase> | undefined

  constructor(name: string) {
    this.#name = name
  }

  async load(): Promise<readonly OutboxEntry[]> {
    const table = (await this.#open()).transaction(TABLE).objectStore(TABLE)
    const [keys, entries] = await Promise.all([
      settled(table.getAllKeys()),
      settled<OutboxEntry[]>(table.getAll()),
    ])
    for (const [index, { id }] of entries.entries()) this.#keys.set(id, keys[index] as IDBValidKey)
    return entries
  }

  async add(entry: OutboxEntry): Promise<void> {
    const transaction = (await this.#open()).transaction(TABLE, 'readwrite')
    const key = settled(transaction.objectStore(TABLE).add(entry))
    await committed(transaction)
    this.#keys.set(entry.id, await key)
  }

  async remove(id: string): Promise<void> {
    const key = this.#keys.get(id)
    if (key === undefined) return
    const transaction = (await this.#open()).transaction(TABLE, 'readwrite')
    transaction.objectStore(TABLE).delete(key)
    await committed(transaction)
    this.#keys.delete(id)
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= openDatabase(this.#name, TABLE, true)
    // Tried anew after a failure.
    this.#opening.catch(() => (this.#opening = undefined))
    return this.#opening
  }
}
