import {
  MemoryLog,
  type Entry,
  type Located,
  type LogState,
  type Position,
  type ReadPage,
  type ReadRequest,
} from '@heartline/broker'

const MAX_ENTRIES = 1_000_000

interface Waiting {
  readonly offset: number
  readonly resolve: (reached: boolean) => void
}

/**
 * What the relay knows of the upstream's log: its newest entries and how far it reaches. The
 * upstream may have removed some of them already; what it said last of its base holds here too.
 */
export class LogView {
  readonly #windowBytes: number
  #epoch = ''
  #window: MemoryLog
  #base: Position = { ms: 0, offset: 0 }
  #waiting: Waiting[] = []

  constructor(windowBytes: number) {
    this.#windowBytes = windowBytes
    this.#window = this.#windowAfter('', this.#base)
  }

  get epoch(): string {
    return this.#epoch
  }

  get last(): Position {
    return this.#window.last
  }

  /** The newest entry that the upstream is known to have removed. */
  get base(): Position {
    return this.#base
  }

  get state(): LogState {
    return { epoch: this.#epoch, base: this.#base, last: this.#window.last }
  }

  /** Begins anew after the end of another past. */
  reset(state: LogState): void {
    this.#window.clear()
    this.#epoch = state.epoch
    this.#base = state.base
    this.#window = this.#windowAfter(state.epoch, state.last)
    this.#release(false)
  }

  /** Notes what the upstream says that it removed. After a reset that may be less than was feared. */
  noteBase(base: Position): void {
    this.#base = base
  }

  push(batch: readonly Entry[]): void {
    for (const entry of batch) this.#window.push(entry)
    this.#window.trim(0)
    if (this.#waiting.length > 0) this.#release(true)
  }

  /** True when everything after `offset` is here. */
  covers(offset: number): boolean {
    return offset >= this.#window.base.offset
  }

  read(request: ReadRequest): ReadPage {
    return this.#window.read(request)
  }

  /** The answer when it is certain without the upstream. */
  locate(position: Position): Located | undefined {
    const { offset, ms } = this.#base
    if (position.offset < offset) return { status: 'expired', resume: this.#base }
    if (position.offset === offset && position.ms === ms)
      return { status: 'ok', resume: this.#base }
    const located = this.#window.locate(position)
    return located.status === 'ok' ? located : undefined
  }

  /** Resolves true when the entry came, false after `timeoutMs` or when the past was replaced. */
  async reached(offset: number, timeoutMs: number): Promise<boolean> {
    if (this.last.offset >= offset) return true
    let waiting: Waiting | undefined
    let timer: NodeJS.Timeout | undefined
    const reached = await new Promise<boolean>((resolve) => {
      waiting = { offset, resolve }
      this.#waiting.push(waiting)
      timer = setTimeout(() => resolve(false), timeoutMs)
    })
    clearTimeout(timer)
    if (!reached) this.#waiting = this.#waiting.filter((one) => one !== waiting)
    return reached
  }

  /** Nobody waits any longer for what does not come. */
  giveUp(): void {
    this.#release(false)
  }

  close(): void {
    this.giveUp()
    this.#window.clear()
  }

  #windowAfter(epoch: string, start: Position): MemoryLog {
    const retention = { maxEntries: MAX_ENTRIES, maxAgeMs: 0, maxBytes: this.#windowBytes }
    return new MemoryLog(epoch, retention, start)
  }

  /** Releases those whose entry is here; with `false` all others as well. */
  #release(othersStay: boolean): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) {
      if (one.offset <= this.last.offset) one.resolve(true)
      else if (othersStay) this.#waiting.push(one)
      else one.resolve(false)
    }
  }
}
