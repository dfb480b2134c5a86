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
    opening ??= openDatabase(database)
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
      const table = (await open()).transaction(TABLE, 'readwrite').objectStore(TABLE)
      await settled(table.put(id, key))
    },
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () => request.result.createObjectStore(TABLE)
  return settled(request)
}

function settled<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error as Error)
  })
}
