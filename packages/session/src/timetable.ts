import { Deadlines } from './deadlines.ts'
import type { SessionPolicy } from './policy.ts'
import { IDLE, TICK_MS, type WheelEntry } from './wheel.ts'

const NEVER = Infinity
/** The wall clock may be set forward while a token runs: look again at least this often. */
const EXPIRY_CHECK_MS = 60_000

/** What can come due for a session. `linger`: the grace for the last bytes is over. */
export type Due = 'heartbeat' | 'max-age' | 'blocked' | 'token-expired' | 'linger'

/** Parts of a heartbeat interval. */
const FEWEST_PARTS = 15
const MOST_PARTS = 40
let gridOf = 0
let grid: number = TICK_MS

/**
 * Heartbeats of an interval leave at multiples of a part of it, if one of its parts is of whole ticks:
 * every second for 15 s. Many writes in a row cost a third less than as many one by one, since what
 * they need is at hand. A reader's silence ends up to one part early, never late.
 */
function beatGrid(intervalMs: number): number {
  if (intervalMs === gridOf) return grid
  gridOf = intervalMs
  grid = TICK_MS
  for (let parts = FEWEST_PARTS; parts <= MOST_PARTS; parts++) {
    if (intervalMs % (parts * TICK_MS) !== 0) continue
    grid = intervalMs / parts
    break
  }
  return grid
}

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
  readonly #policy: SessionPolicy
  #heartbeatMs = 0
  /** Made with the first: most sessions have their heartbeat and nothing else. */
  #deadlines: Deadlines | undefined = undefined

  constructor(owner: TimetableOwner, policy: SessionPolicy) {
    this.#owner = owner
    this.#policy = policy
    this.lastWriteAt = policy.wheel.turnNow()
  }

  /** Bytes were handed over. */
  wrote(): void {
    this.lastWriteAt = this.#policy.wheel.turnNow()
  }

  /** The last write did not go out whole: no heartbeats, the blocked deadline runs. */
  block(): void {
    this.#some().blockedAt = this.lastWriteAt
    this.#plan()
  }

  /** The peer took the rest, which counts as written now. */
  unblock(): void {
    this.#some().blockedAt = NEVER
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
    if (atMs === undefined && this.#deadlines === undefined) return
    this.#some().expiresAt = atMs ?? NEVER
    this.#plan()
  }

  /** Milliseconds of the wheel's clock; undefined = never. */
  setAgeLimit(at: number | undefined): void {
    if (at === undefined && this.#deadlines === undefined) return
    this.#some().ageAt = at ?? NEVER
    this.#plan()
  }

  /** Ends every deadline and leaves the wheel. */
  stop(): void {
    this.#heartbeatMs = 0
    this.#deadlines = undefined
    this.#policy.wheel.cancel(this)
  }

  /** The session is over; what it still owes has this long to leave. */
  linger(ms: number): void {
    this.stop()
    this.#some().lingerAt = this.#policy.wheel.now() + ms
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

  #some(): Deadlines {
    this.#deadlines ??= new Deadlines()
    return this.#deadlines
  }

  #whatIsDue(now: number): Due | undefined {
    const deadlines = this.#deadlines
    if (deadlines !== undefined) {
      if (deadlines.lingerAt <= now) return 'linger'
      if (this.#hasExpired(deadlines)) return 'token-expired'
      if (deadlines.ageAt <= now) return 'max-age'
      if (deadlines.blockedAt !== NEVER) {
        return this.#blockedUntil(deadlines) <= now ? 'blocked' : undefined
      }
    }
    return this.#heartbeatAt() <= now ? 'heartbeat' : undefined
  }

  #hasExpired({ expiresAt }: Deadlines): boolean {
    return expiresAt !== NEVER && expiresAt - TICK_MS <= this.#policy.wheel.unixNow()
  }

  #heartbeatAt(): number {
    const interval = this.#heartbeatMs
    if (interval === 0) return NEVER
    const at = this.lastWriteAt + interval
    const grid = beatGrid(interval)
    return grid === TICK_MS ? at : Math.floor(at / grid) * grid
  }

  #blockedUntil({ blockedAt }: Deadlines): number {
    const { maxBlockedMs } = this.#policy
    return maxBlockedMs === 0 ? NEVER : blockedAt + maxBlockedMs
  }

  /** A token must not outlive its time, so it ends within the last tick before. */
  #expiryAt({ expiresAt }: Deadlines): number {
    if (expiresAt === NEVER) return NEVER
    const { wheel } = this.#policy
    const left = expiresAt - wheel.unixNow() - TICK_MS
    return wheel.now() + Math.min(left, EXPIRY_CHECK_MS)
  }

  /** Only ever moves the entry forward in time when it must; one that wakes early looks again. */
  #plan(): void {
    const deadlines = this.#deadlines
    const at = deadlines === undefined ? this.#heartbeatAt() : this.#earliest(deadlines)
    if (at === NEVER) return
    if (this.wheelSlot === IDLE || at < this.wheelAt) this.#policy.wheel.schedule(this, at)
  }

  #earliest(deadlines: Deadlines): number {
    const { ageAt, lingerAt, blockedAt } = deadlines
    const next = blockedAt === NEVER ? this.#heartbeatAt() : this.#blockedUntil(deadlines)
    return Math.min(next, ageAt, lingerAt, this.#expiryAt(deadlines))
  }
}
