/** Opens a database with one table; `keys` are made by it when the table has none of its own. */
export function openDatabase(name: string, table: string, keys: boolean): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1)
  request.onupgradeneeded = () =>
    request.result.createObjectStore(table, keys ? { autoIncrement: true } : undefined)
  return settled(request)
}

/** The result of a request, when it is there. */
export function settled<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error as Error)
  })
}

/** Resolves when what a transaction wrote is there to stay. */
export function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onerror = transaction.onabort = () => reject(transaction.error as Error)
  })
}
