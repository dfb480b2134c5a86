import { committed, openDatabase, settled } from '../store/database.ts'
import { createOutbox, type OutboxOptions } from './create-outbox.ts'
import type { OutboxEntry, OutboxStore } from './outbox-store.ts'
import type { Outbox } from './outbox.ts'
import { Owner } from './owner.ts'

const TABLE = 'entries'

/**
 * Keeps what was published for an origin, over reloads and restarts of the browser. Tabs may share
 * one: each sends what it published, and what was left by those that are gone.
 *
 * @param name Names the queue.
 */
export function indexedDbOutbox(name: string, options?: OutboxOptions): Outbox {
  return createOutbox(new DatabaseOutboxStore(`heartline-outbox-${name}`), options)
}

/** As they are in the database. */
interface OwnedEntry extends OutboxEntry {
  readonly owner: string
}

interface KeptEntry extends OwnedEntry {
  readonly key: IDBValidKey
}

class DatabaseOutboxStore implements OutboxStore {
  readonly #name: string
  readonly #owner: Owner
  readonly #keys = new Map<string, IDBValidKey>()
  #opening: Promise<IDBDatabase> | undefined

  constructor(name: string) {
    this.#name = name
    this.#owner = new Owner(name)
  }

  /** One tab at a time, or two of them take what a third one left. */
  load(): Promise<readonly OutboxEntry[]> {
    return this.#owner.alone(async () => {
      const kept = await this.#read()
      // Asked after the look: whoever has an entry was there before it.
      const isThere = await this.#owner.living()
      const left = kept.filter(({ id, owner }) => !this.#keys.has(id) && !isThere(owner))
      if (left.length > 0) await this.#take(left)
      return kept.filter(({ id }) => this.#keys.has(id))
    })
  }

  async add({ id, events }: OutboxEntry): Promise<void> {
    await this.#owner.stay()
    try {
      const entry: OwnedEntry = { id, events, owner: this.#owner.id }
      const transaction = (await this.#open()).transaction(TABLE, 'readwrite')
      const key = settled(transaction.objectStore(TABLE).add(entry))
      await committed(transaction)
      this.#keys.set(id, await key)
    } catch (thrown) {
      this.#owner.leave()
      throw thrown
    }
  }

  async remove(id: string): Promise<void> {
    const key = this.#keys.get(id)
    if (key === undefined) return
    const transaction = (await this.#open()).transaction(TABLE, 'readwrite')
    transaction.objectStore(TABLE).delete(key)
    await committed(transaction)
    this.#keys.delete(id)
    this.#owner.leave()
  }

  async #read(): Promise<KeptEntry[]> {
    const table = (await this.#open()).transaction(TABLE).objectStore(TABLE)
    const [keys, entries] = await Promise.all([
      settled(table.getAllKeys()),
      settled<OwnedEntry[]>(table.getAll()),
    ])
    return entries.map((entry, index) => ({ ...entry, key: keys[index] as IDBValidKey }))
  }

  /** From those that are gone. */
  async #take(entries: readonly KeptEntry[]): Promise<void> {
    for (const _ of entries) await this.#owner.stay()
    const transaction = (await this.#open()).transaction(TABLE, 'readwrite')
    const { id: owner } = this.#owner
    for (const { id, events, key } of entries) {
      transaction.objectStore(TABLE).put({ id, events, owner }, key)
    }
    await committed(transaction)
    for (const { id, key } of entries) this.#keys.set(id, key)
  }

  #open(): Promise<IDBDatabase> {
    this.#opening ??= openDatabase(this.#name, TABLE, true)
    // Tried anew after a failure.
    this.#opening.catch(() => (this.#opening = undefined))
    return this.#opening
  }
}
