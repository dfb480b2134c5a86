/** Keeps frames apart. One timer at most, and none for an interval of 0. */
export class Pause {
  readonly #intervalMs: number
  #sentAt = -Infinity
  #timer: ReturnType<typeof setTimeout> | undefined
  #resolve: (() => void) | undefined

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** Resolves when the next frame may be sent, or at once after `cancel`. */
  wait(): Promise<void> {
    const leftMs = this.#sentAt + this.#intervalMs - performance.now()
    if (!(leftMs > 0)) return Promise.resolve()
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#timer = setTimeout(resolve, leftMs)
    })
  }

  sent(): void {
    if (this.#intervalMs > 0) this.#sentAt = performance.now()
  }

  cancel(): void {
    clearTimeout(this.#timer)
    this.#resolve?.()
    this.#sentAt = -Infinity
  }
}
