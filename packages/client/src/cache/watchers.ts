/** Who wants to know when a value of a name changed. */
export class Watchers {
  readonly #byName = new Map<string, Set<() => void>>()

  /** @returns Takes it away again. */
  add(name: string, listener: () => void): () => void {
    const listeners = this.#byName.get(name) ?? new Set()
    // Its own function: the same listener may be added twice.
    const own = (): void => listener()
    this.#byName.set(name, listeners.add(own))
    return () => {
      listeners.delete(own)
      // An empty one that was replaced already is not the one in the table.
      if (listeners.size === 0 && this.#byName.get(name) === listeners) this.#byName.delete(name)
    }
  }

  /** Calls those of all names. What one throws keeps nobody from being called. */
  tell(names: Iterable<string>, onThrow: (thrown: unknown) => void): void {
    for (const name of names) {
      for (const listener of Array.from(this.#byName.get(name) ?? [])) {
        try {
          listener()
        } catch (thrown) {
          onThrow(thrown)
        }
      }
    }
  }
}
