import { committed, openDatabase, settled } from './database.ts'
import type { PlaceStore } from './place-store.ts'

const TABLE = 'places'

/**
 * Keeps the place for an origin, also in workers.
 *
 * @param key Names the stream within the database.
 * @param database Default `heartline`.
 */
export function indexedDbStore(key: string, database = 'heartline'): PlaceStore {
  let opening: Promise<IDBDatabase> | undefined
  const open = (): Promise<IDBDatabase> => {
    opening ??= openDatabase(database, TABLE, false)
    // Tried anew after a failure.
    opening.catch(() => (opening = undefined))
    return opening
  }
  return {
    async load() {
      const table = (await open()).transaction(TABLE).objectStore(TABLE)
      return settled<string | undefined>(table.get(key))
    },
    async save(id) {
      const transaction = (await open()).transaction(TABLE, 'readwrite')
      transaction.objectStore(TABLE).put(id, key)
      await committed(transaction)
    },
  }
}
