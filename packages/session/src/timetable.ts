import type { ResolvedSessionOptions } from './options.ts'
import { IDLE, TICK_MS, type Wheel, type WheelEntry } from './wheel.ts'

const NEVER = Infinity
/** The wall clock may be set forward while a token runs: look again at least this often. */
const EXPIRY_CHECK_MS = 60_000

/** What can come due for a session. `linger`: the grace for the last bytes is over. */
export type Due = 'heartbeat' | 'max-age' | 'blocked' | 'token-expired' | 'linger'

export interface TimetableOwner {
  onDue(due: Due): void
}

/**
 * The deadlines of one session, as one entry on the wheel: the earliest of them. A write only
 * stores its time. When the entry comes due, it looks what is due really and moves on, so that
 * a busy session costs the wheel one visit per heartbeat interval and nothing per write.
 */
export class Timetable implements WheelEntry {
  wheelAt = 0
  wheelSlot: number = IDLE
  wheelNext: WheelEntry | undefined = undefined
  wheelPrev: WheelEntry | undefined = undefined
  /** When bytes were last handed over, in milliseconds of the wheel's clock. */
  lastWriteAt: number

  readonly #owner: TimetableOwner
  readonly #wheel: Wheel
  readonly #maxBlockedMs: number
  #heartbeatMs = 0
  #blockedAt: number = NEVER
  #ageAt: number = NEVER
  #lingerAt: number = NEVER
  /** The one deadline in Unix milliseconds. */
  #expiresAt: number = NEVER

  constructor(owner: TimetableOwner, options: ResolvedSessionOptions) {
    this.#owner = owner
    this.#wheel = options.wheel
    this.#maxBlockedMs = options.maxBlockedMs === 0 ? NEVER : options.maxBlockedMs
    this.lastWriteAt = options.wheel.now()
  }

  /** Bytes were handed over. */
  wrote(): void {
    this.lastWriteAt = this.#wheel.now()
  }

  /** The last write did not go out whole: no heartbeats, the blocked deadline runs. */
  block(): void {
    this.#blockedAt = this.lastWriteAt
    this.#plan()
  }

  /** The peer took the rest, which counts as written now. */
  unblock(): void {
    this.#blockedAt = NEVER
    this.wrote()
    this.#plan()
  }

  /** The heartbeat interval in milliseconds; 0 = none. */
  get heartbeatMs(): number {
    return this.#heartbeatMs
  }

  /** 0 = none. */
  setHeartbeat(ms: number): void {
    this.#heartbeatMs = ms
    this.#plan()
  }

  /** Unix milliseconds; undefined = never. */
  setExpiry(atMs: number | undefined): void {
    this.#expiresAt = atMs ?? NEVER
    this.#plan()
  }

  /** Milliseconds of the wheel's clock; undefined = never. */
  setAgeLimit(at: number | undefined): void {
    this.#ageAt = at ?? NEVER
    this.#plan()
  }

  /** Ends every deadline and leaves the wheel. */
  stop(): void {
    this.#heartbeatMs = 0
    this.#blockedAt = this.#ageAt = this.#expiresAt = this.#lingerAt = NEVER
    this.#wheel.cancel(this)
  }

  /** The session is over; what it still owes has this long to leave. */
  linger(ms: number): void {
    this.stop()
    this.#lingerAt = this.#wheel.now() + ms
    this.#plan()
  }

  /** Called by the wheel. */
  onWheel(now: number): void {
    const due = this.#whatIsDue(now)
    if (due !== undefined) this.#owner.onDue(due)
    // From the tick, not from the write a moment later: an idle session must beat steadily.
    if (due === 'heartbeat') this.lastWriteAt = now
    this.#plan()
  }

  #whatIsDue(now: number): Due | undefined {
    if (this.#lingerAt <= now) return 'linger'
    if (this.#expiresAt !== NEVER && this.#expiresAt - TICK_MS <= this.#wheel.unixNow()) {
      return 'token-expired'
    }
    if (this.#ageAt <= now) return 'max-age'
    if (this.#blockedAt !== NEVER) {
      return this.#blockedAt + this.#maxBlockedMs <= now ? 'blocked' : undefined
    }
    return this.#heartbeatAt() <= now ? 'heartbeat' : undefined
  }

  #heartbeatAt(): number {
    const silent = this.#heartbeatMs === 0 || this.#blockedAt !== NEVER
    return silent ? NEVER : this.lastWriteAt + this.#heartbeatMs
  }

  /** A token must not outlive its time, so it ends within the last tick before. */
  #expiryAt(): number {
    if (this.#expiresAt === NEVER) return NEVER
    const left = this.#expiresAt - this.#wheel.unixNow() - TICK_MS
    return this.#wheel.now() + Math.min(left, EXPIRY_CHECK_MS)
  }

  /** Only ever moves the entry forward in time when it must; one that wakes early looks again. */
  #plan(): void {
    const at = Math.min(
      this.#lingerAt,
      this.#ageAt,
      this.#blockedAt + this.#maxBlockedMs,
      this.#expiryAt(),
      this.#heartbeatAt(),
    )
    if (at === NEVER) return
    if (this.wheelSlot === IDLE || at < this.wheelAt) this.#wheel.schedule(this, at)
  }
}
