/** One value as a store keeps it. */
export interface CacheRecord {
  /** Names the value: no other has the same name. */
  readonly name: string
  /** JSON. A store need not know what is in it. */
  readonly text: string
}

/** A value that is new, or with `text` undefined one that is gone. */
export interface CacheChange {
  readonly name: string
  readonly text: string | undefined
}

/** Keeps the values of a cache between lives of the program. It may be slow, full or denied. */
export interface CacheStore {
  /** Everything, in any order. What cannot be read any more is left out. */
  load(): readonly CacheRecord[] | Promise<readonly CacheRecord[]>
  /** Keeps all of the changes or none of them. One call at a time. */
  write(changes: readonly CacheChange[]): void | Promise<void>
  /** Forgets everything, also what could not be read. */
  clear(): void | Promise<void>
}
