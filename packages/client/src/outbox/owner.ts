/** Not on pages without TLS, nor in Node.js 20. */
const { locks } = (globalThis.navigator ?? {}) as { readonly locks?: LockManager }

/**
 * Whose entries are whose, among the tabs and workers of an origin: a lock says that one is there
 * that has some. The browser frees it however that one ends. Where there are no locks (pages
 * without TLS) nobody is known to be there.
 */
export class Owner {
  readonly id: string = crypto.getRandomValues(new Uint32Array(4)).join('')
  readonly #name: string
  #entries = 0
  #held: Promise<void> | undefined
  #release: (() => void) | undefined

  /** @param name Names the queue. */
  constructor(name: string) {
    this.#name = name
  }

  /** It has one entry more. Resolves when others can know: before, there must not be one. */
  stay(): Promise<void> {
    this.#entries++
    this.#held ??= new Promise((resolve, reject) => {
      if (locks === undefined) return resolve()
      const hold = (): Promise<void> => {
        resolve()
        return new Promise((release) => (this.#release = release))
      }
      locks.request(this.#nameOf(this.id), hold).catch(reject)
    })
    return this.#held
  }

  /** It has one entry less. With none it holds no lock: that would keep a page from being cached. */
  leave(): void {
    if (--this.#entries > 0) return
    this.#release?.()
    this.#held = this.#release = undefined
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

  #nameOf(owner: string): string {
    return `${this.#name}/${owner}`
  }
}
