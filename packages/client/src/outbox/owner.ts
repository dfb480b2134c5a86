/** Not on pages without TLS, nor in Node.js 20. */
const { locks } = (globalThis.navigator ?? {}) as { readonly locks?: LockManager }

/**
 * Whose entries are whose, among the tabs and workers of an origin: a lock says that one is there
 * that has some. The browser frees it however that one ends. A page in the back/forward cache holds
 * none: browsers throw pages with locks out of there, and whoever is awake is to send what waits.
 * Where there are no locks (pages without TLS) nobody is known to be there.
 */
export class Owner {
  readonly id: string = crypto.getRandomValues(new Uint32Array(4)).join('')
  readonly #name: string
  #entries = 0
  #held: Promise<void> | undefined
  /** Ends the hold on the lock. */
  #hold = new AbortController()
  /** Ends the watch of the page. */
  #watch = new AbortController()

  /** @param name Names the queue. */
  constructor(name: string) {
    this.#name = name
  }

  /** It has one entry more. Resolves when others can know: before, there must not be one. */
  stay(): Promise<void> {
    this.#entries++
    this.#held ??= this.#begin()
    return this.#held
  }

  /** It has one entry less. With none it holds no lock. */
  leave(): void {
    if (--this.#entries > 0) return
    this.#watch.abort()
    this.#hold.abort()
    this.#held = undefined
  }

  /** Does something while no other does. */
  alone<Value>(work: () => Promise<Value>): Promise<Value> {
    return locks === undefined ? work() : locks.request(this.#name, work)
  }

  /** Tells of whom somebody knows that it is there. */
  async living(): Promise<(owner: string) => boolean> {
    const { held = [] } = (await locks?.query()) ?? {}
    return (owner) => held.some(({ name }) => name === this.#nameOf(owner))
  }

  #begin(): Promise<void> {
    this.#watch = new AbortController()
    const { signal } = this.#watch
    return new Promise((resolve, reject) => {
      const hold = (): void => void this.#takeLock(resolve).catch(reject)
      const onPage = (type: string, act: () => void): void =>
        globalThis.addEventListener?.(
          type,
          (event: Event & { persisted?: boolean }) => event.persisted === true && act(),
          { signal },
        )
      onPage('pagehide', () => this.#hold.abort())
      onPage('pageshow', hold)
      hold()
    })
  }

  async #takeLock(onHeld: () => void): Promise<void> {
    if (locks === undefined) return onHeld()
    this.#hold = new AbortController()
    const { signal } = this.#hold
    const work = async (): Promise<void> => {
      if (signal.aborted) return
      onHeld()
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
    }
    try {
      await locks.request(this.#nameOf(this.id), { signal }, work)
    } catch (thrown) {
      // The page was cached before it was held.
      if (!signal.aborted) throw thrown
    }
  }

  #nameOf(owner: string): string {
    return `${this.#name}/${owner}`
  }
}
