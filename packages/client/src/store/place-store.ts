/** Keeps the place of a stream between lives of the program. A store may be slow, full or denied. */
export interface PlaceStore {
  /** The id that was saved last; undefined when there is none. */
  load(): string | undefined | Promise<string | undefined>
  /**
   * Called after handlers finished, with the newest place only, one call at a time. One that does not
   * answer for 10 s is reported, and waited for no longer.
   */
  save(id: string): void | Promise<void>
}

/** Keeps the place as long as the object lives: several clients after each other can share it. */
export function memoryStore(id?: string): PlaceStore {
  let saved = id
  return {
    load: () => saved,
    save: (next) => {
      saved = next
    },
  }
}
