/** So many heartbeat intervals without a byte, and the connection is taken for dead. */
const INTERVALS = 2.5
/** While connecting, and when the server says no interval. */
const DEFAULT_MS = 45_000

/** Notices a connection that is open but silent: cable cut, machine asleep, proxy stuck. */
export class Watchdog {
  readonly #onSilence: () => void
  #limitMs = DEFAULT_MS
  #fedAt = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence
  }

  /** Starts, with the value of the `Heartline-Heartbeat` header. `0` = the server sends none. */
  expect(heartbeat: string | null | undefined): void {
    this.stop()
    if (heartbeat === '0') return
    const ms = Number(heartbeat ?? 0)
    this.#limitMs = ms > 0 ? ms * INTERVALS : DEFAULT_MS
    this.fed()
    this.#check()
  }

  /** Bytes came in. Costs one clock reading; no timer is moved. */
  fed(): void {
    this.#fedAt = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #check(): void {
    const leftMs = this.#fedAt + this.#limitMs - performance.now()
    if (leftMs <= 0) this.#onSilence()
    else this.#timer = setTimeout(() => this.#check(), leftMs)
  }
}
