import type { Clock, Surroundings } from '@heartline/client'

/** Time that runs several times as fast as that of this machine, and never jumps. */
export class FastTime {
  readonly factor: number
  /** Unix milliseconds at which both times agree. */
  readonly begin: number

  constructor(factor: number, begin: number = performance.timeOrigin + performance.now()) {
    this.factor = factor
    this.begin = begin
  }

  /** Milliseconds since the beginning. */
  get elapsedMs(): number {
    return (performance.timeOrigin + performance.now() - this.begin) * this.factor
  }

  /** Calls back after `ms`, never earlier. */
  after(ms: number, callback: () => void): { clear: () => void } {
    const due = this.elapsedMs + ms
    let timer: NodeJS.Timeout | undefined
    // A timer of Node.js may be early by part of a millisecond, which is many of the fast ones.
    const look = (): void => {
      const left = due - this.elapsedMs
      if (left <= 0) callback()
      else timer = setTimeout(look, Math.ceil(left / this.factor))
    }
    timer = setTimeout(look, Math.ceil(ms / this.factor))
    return { clear: () => clearTimeout(timer) }
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** What `fast-time.mjs` wants to know. */
  get environment(): Record<string, string> {
    return { TEST_TIME_FACTOR: String(this.factor), TEST_TIME_BEGIN: String(this.begin) }
  }
}

/** How many places are remembered. */
const PLACES = 4

/** One request for a stream as it leaves. */
export interface SeenRequest {
  readonly at: number
  readonly url: string
}

/**
 * The machine, page and network interface of one client, on fast time: its clock can be set to
 * another time, and the page can be frozen, so that neither timers nor bytes get through.
 */
export class ShakenWorld implements Clock, Surroundings {
  readonly time: FastTime
  readonly isOnline = true
  onRequest: (request: SeenRequest) => void = () => {}
  /** Milliseconds that a `Retry-After` of an answer asks for. */
  onRetryAfter: (ms: number) => void = () => {}
  /** Requests that asked for what had come before. */
  stale = 0
  /** Requests ask for what comes after an earlier place, as those of a cache or a server that lags. */
  isStale = false
  readonly #places: string[] = []
  #jumpedMs = 0
  #frozen: Promise<void> | undefined
  #onThaw: () => void = () => {}
  #held: (() => void)[] = []
  readonly #wakers = new Set<() => void>()

  constructor(time: FastTime) {
    this.time = time
  }

  now(): number {
    return this.time.begin + this.time.elapsedMs + this.#jumpedMs
  }

  setTimer(callback: () => void, ms: number): unknown {
    const timer = { isSet: true, clear: () => {} }
    const fire = (): void => {
      if (!timer.isSet) return
      if (this.#frozen === undefined) callback()
      else this.#held.push(fire)
    }
    const { clear } = this.time.after(ms, fire)
    timer.clear = clear
    return timer
  }

  clearTimer(timer: unknown): void {
    const set = timer as { isSet: boolean; clear: () => void } | undefined
    if (set === undefined) return
    set.isSet = false
    set.clear()
  }

  watch(onWake: () => void): () => void {
    this.#wakers.add(onWake)
    return () => this.#wakers.delete(onWake)
  }

  /** Somebody sets the clock; timers do not notice. */
  jump(ms: number): void {
    this.#jumpedMs += ms
  }

  freeze(): void {
    this.#frozen ??= new Promise((resolve) => (this.#onThaw = resolve))
  }

  /** @param tells Whether the page is told that it was resumed. */
  thaw(tells: boolean): void {
    if (this.#frozen === undefined) return
    this.#frozen = undefined
    this.#onThaw()
    for (const fire of this.#held.splice(0)) fire()
    if (tells) for (const wake of this.#wakers) wake()
  }

  /** `fetch` of this page. */
  get fetch(): typeof fetch {
    return async (input, init) => {
      const url = input instanceof Request ? input.url : input.toString()
      const isStream = new Headers(init?.headers).get('accept') === 'text/event-stream'
      const isReader = isStream && init?.method !== 'HEAD'
      if (isReader) this.onRequest({ at: this.time.elapsedMs, url })
      const response = await fetch(input, isReader ? this.#aged(init) : init)
      await this.#frozen
      const retryAfter = response.headers.get('retry-after')
      if (isReader && retryAfter !== null) this.onRetryAfter(Number(retryAfter) * 1000)
      return this.#gate(response)
    }
  }

  /** The request with an earlier place than its own, while places are stale. */
  #aged(init: RequestInit = {}): RequestInit {
    const headers = new Headers(init.headers)
    const place = headers.get('last-event-id')
    if (place === null) return init
    const [earlier] = this.#places
    this.#places.push(place)
    if (this.#places.length > PLACES) this.#places.shift()
    if (!this.isStale || earlier === undefined || earlier === place) return init
    this.stale++
    headers.set('last-event-id', earlier)
    return { ...init, headers }
  }

  #gate({ body, status, headers }: Response): Response {
    const hold = async (
      chunk: Uint8Array,
      controller: TransformStreamDefaultController<Uint8Array>,
    ): Promise<void> => {
      await this.#frozen
      controller.enqueue(chunk)
    }
    const held = body?.pipeThrough(new TransformStream({ transform: hold }))
    return new Response(held ?? null, { status, headers })
  }
}
