/** What the documentation of the client promises, in its own numbers: nothing here reads its code. */
const QUICK_RETRIES = 3
const QUICK_MS = 100
const FIRST_WAIT_MS = 1000
const GROWTH = 1.5
const LONGEST_WAIT_MS = 30_000
const STABLE_MS = 5000
const SPACING_MS = 50
/** Times are fractions of milliseconds here and may be rounded there. */
const ROUNDING_MS = 1

interface Attempt {
  readonly at: number
  /** The least that had to pass since the end of the one before. */
  readonly leastWaitMs: number
  readonly endpoint: string
  openAt: number | undefined
  /** An event came. */
  brought: boolean
  retryAfterMs: number
  endedAt: number | undefined
  /** Failures in a row before its end. */
  failures: number
}

export interface AttemptRules {
  /** `ladder`: that of `createClient`. `standard`: that of an `EventSource`, the time it was told. */
  readonly waits: 'ladder' | 'standard'
  /** The least `retry:` of the server. It counts from the first event on. */
  readonly retryMs: number
}

/** Attempts of one span of time. */
export interface AttemptCount {
  readonly made: number
  /** As many as fit when every wait is as short as the rules allow. */
  readonly allowed: number
}

/**
 * The account of one reader's requests. Between two of them there is a least wait, which follows
 * from what could be seen from outside: whether a stream opened, how long it lived, what it brought.
 */
export class AttemptAccount {
  /** Waits that were shorter than allowed: the first few, in words. */
  readonly problems: string[] = []
  tooShort = 0
  readonly #rules: AttemptRules
  readonly #attempts: Attempt[] = []
  #failures = 0
  #floorMs = 0
  #jumpedAt = Number.NEGATIVE_INFINITY
  #wokeAt = Number.NEGATIVE_INFINITY
  #movedBack = false
  #isNew = true

  constructor(rules: AttemptRules) {
    this.#rules = rules
  }

  get made(): number {
    return this.#attempts.length
  }

  /** A request leaves. */
  begin(at: number, endpoint: string): void {
    const last = this.#isNew ? undefined : this.#attempts.at(-1)
    const leastWaitMs = last === undefined ? 0 : this.#leastWait(last, endpoint)
    if (last !== undefined) this.#check(last, at, leastWaitMs)
    if (last !== undefined && last.endpoint !== endpoint) this.#floorMs = 0
    this.#isNew = false
    this.#movedBack = false
    const fresh = { openAt: undefined, brought: false, retryAfterMs: 0, endedAt: undefined }
    this.#attempts.push({ at, leastWaitMs, endpoint, ...fresh, failures: this.#failures })
  }

  opened(at: number): void {
    const attempt = this.#attempts.at(-1)
    if (attempt !== undefined) attempt.openAt ??= at
  }

  brought(): void {
    const attempt = this.#attempts.at(-1)
    if (attempt === undefined || attempt.openAt === undefined) return
    attempt.brought = true
    this.#floorMs = this.#rules.retryMs
  }

  retryAfter(ms: number): void {
    const attempt = this.#attempts.at(-1)
    if (attempt !== undefined) attempt.retryAfterMs = ms
  }

  /** The page told the client that it woke: what it waits for may come at once. */
  woke(at: number): void {
    this.#wokeAt = at
    if (this.#attempts.at(-1)?.endedAt !== undefined) this.#failures = 0
  }

  /**
   * The stream or the request ended, and a wait begins.
   *
   * @param jumped The clock was set while it lived, which may look like a long life.
   */
  ended(at: number, { movedBack = false, jumped = false } = {}): void {
    const attempt = this.#attempts.at(-1)
    if (attempt === undefined || attempt.endedAt !== undefined) return
    attempt.endedAt = at
    this.#movedBack = movedBack
    if (jumped) this.#jumpedAt = at
    const livedMs = attempt.openAt === undefined ? 0 : at - attempt.openAt
    const isStable = livedMs >= STABLE_MS || (jumped && attempt.openAt !== undefined)
    if (isStable || movedBack) this.#failures = 0
    else if (attempt.brought) this.#failures = Math.min(this.#failures, QUICK_RETRIES)
    attempt.failures = this.#failures
    if (!movedBack) this.#failures++
  }

  /** The client was closed; the next attempt is the first one of another. */
  replaced(at: number): void {
    this.ended(at)
    this.#isNew = true
    this.#failures = 0
    this.#floorMs = 0
  }

  /** Of the span from `from` to `to`. */
  count(from: number, to: number): AttemptCount {
    const inside = this.#attempts.filter(({ at }) => at >= from && at < to)
    const [first] = inside
    if (first === undefined) return { made: 0, allowed: 0 }
    let at = first.at
    let allowed = 1
    for (const [index, { leastWaitMs }] of inside.slice(1).entries()) {
      at += durationOf(inside[index] as Attempt) + leastWaitMs
      if (at < to) allowed++
    }
    const last = inside.at(-1) as Attempt
    let failures = last.failures + 1
    if (last.endedAt === undefined) return { made: inside.length, allowed }
    at += durationOf(last) + this.#wait(last.failures)
    for (; at < to; at += this.#wait(failures++)) allowed++
    return { made: inside.length, allowed }
  }

  #leastWait(last: Attempt, endpoint: string): number {
    const endedAt = last.endedAt ?? last.at
    const sinceBegin = SPACING_MS - (endedAt - last.at)
    // The way back was proven free.
    const restMs = this.#movedBack ? 0 : this.#rest(endpoint, endedAt)
    if (this.#movedBack || this.#wokeAt >= endedAt) return Math.max(restMs, sinceBegin, 0)
    const floorMs = last.endpoint === endpoint ? this.#floorMs : 0
    return Math.max(this.#wait(last.failures, floorMs), restMs)
  }

  /** How long an endpoint still wants to be left alone. A clock that was set may hide that. */
  #rest(endpoint: string, now: number): number {
    const asked = this.#attempts.findLast((each) => each.endpoint === endpoint)
    const { endedAt = 0, retryAfterMs = 0 } = asked ?? {}
    return endedAt === now || endedAt > this.#jumpedAt ? endedAt + retryAfterMs - now : 0
  }

  #wait(failures: number, floorMs = this.#floorMs): number {
    if (this.#rules.waits === 'standard') return this.#rules.retryMs
    const step = failures - QUICK_RETRIES
    const own = step < 0 ? QUICK_MS : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * GROWTH ** step)
    return Math.max(own, floorMs)
  }

  #check(last: Attempt, at: number, leastWaitMs: number): void {
    const waitedMs = at - (last.endedAt ?? at)
    if (waitedMs >= leastWaitMs - ROUNDING_MS) return
    this.tooShort++
    if (this.problems.length > 5) return
    this.problems.push(`asked again after ${waitedMs.toFixed(0)} ms instead of ${leastWaitMs}`)
  }
}

function durationOf({ at, endedAt }: Attempt): number {
  return (endedAt ?? at) - at
}
