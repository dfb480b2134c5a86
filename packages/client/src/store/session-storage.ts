import type { PlaceStore } from './place-store.ts'

/** The part of `Storage` that is used. */
export interface TextStorage {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

/**
 * Keeps the place for a tab, across reloads.
 *
 * @param key Names the stream within the origin.
 * @param storage Default `sessionStorage`. With `localStorage`, tabs overwrite each other's place.
 */
export function sessionStorageStore(key: string, storage?: TextStorage): PlaceStore {
  // Asked for late: where storage is denied, even the look at it throws.
  const storageNow = (): TextStorage => storage ?? globalThis.sessionStorage
  return {
    load: () => storageNow().getItem(key) ?? undefined,
    save: (id) => storageNow().setItem(key, id),
  }
}
