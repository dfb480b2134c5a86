import { readKernelAttempts } from './kernel-attempts.ts'
import { findSessions, nextTurn } from './session-finder.ts'
import {
  resolveKernelWatchOptions,
  type KernelWatchOptions,
  type ResolvedKernelWatchOptions,
} from './kernel-watch-options.ts'
import { Suspects, type Suspect } from './suspects.ts'
import { readTcpTable } from './tcp-table-reader.ts'
import type { Unanswered } from './tcp-table.ts'

/** Between two looks while somebody is suspected: an answer in between must not be missed. */
const SUSPICIOUS_ROUND_MS = 1_000
const SHORTEST_ROUND_MS = 100
/** A look that came later than this says nothing of the time in between: the process stood still. */
const LATE = 2
const LATE_MS = 1_000
/** Connections cut between two turns of the event loop. */
const CUTS_PER_TURN = 256
/** No table of this kind: not Linux, or not readable here. Anything else may pass. */
const UNAVAILABLE = new Set(['ENOENT', 'EACCES', 'EPERM', 'ENOTDIR'])

/**
 * Finds readers that went away without a word and cannot acknowledge, by the kernel's own evidence:
 * bytes that it sent again and again while nothing came back. The heartbeat is what is not
 * acknowledged, so a session is found within two heartbeat intervals plus `maxUnacknowledgedMs`;
 * left alone, the kernel gives up after about 15 minutes. A reader that is alive but does not read
 * answers the kernel, and is left to `maxBlockedMs`.
 *
 * One for all sessions of a process, with one timer, which does not keep the process alive.
 */
export class KernelWatch {
  readonly #options: ResolvedKernelWatchOptions
  readonly #suspects: Suspects
  #tables: readonly string[]
  #timer: unknown = undefined
  #isRunning = false
  #plannedMs = 0
  #lookedAt = 0
  /** Of the last look. */
  #tableBytes = 0
  /** What the kernel had sent in vain at the last look. Undefined: not known. */
  #attempts: number | undefined

  /** Use `createKernelWatch`. */
  constructor(options: ResolvedKernelWatchOptions) {
    this.#options = options
    this.#suspects = new Suspects(options.maxUnacknowledgedMs)
    this.#tables = options.tables
  }

  /** Looks from now on. Does nothing when it does already. */
  start(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    this.#lookedAt = this.#options.clock.now()
    this.#plan(this.#options.roundMs)
  }

  /** Looks no more. A round that is under way ends no session. */
  stop(): void {
    this.#isRunning = false
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #plan(ms: number): void {
    if (!this.#isRunning) return
    this.#plannedMs = ms
    this.#options.clock.clearTimeout(this.#timer)
    this.#timer = this.#options.clock.setTimeout(() => void this.#round(), ms)
  }

  async #round(): Promise<void> {
    const { clock, sessions } = this.#options
    if (sessions.size > 0) await this.#look(clock.now())
    this.#plan(Math.max(this.#pauseMs(), this.#readMs()))
  }

  /** How long the last look must last, by what it may read in a second. */
  #readMs(): number {
    return (this.#tableBytes / Math.max(1, this.#options.maxBytesPerSecond)) * 1_000
  }

  #pauseMs(): number {
    const { roundMs } = this.#options
    const { leftMs } = this.#suspects
    if (leftMs === Infinity) return roundMs
    return Math.max(SHORTEST_ROUND_MS, Math.min(leftMs, roundMs, SUSPICIOUS_ROUND_MS))
  }

  async #look(startedAt: number): Promise<void> {
    const { clock, onRound, sessions } = this.#options
    if (await this.#isCalm()) {
      if (!this.#isRunning) return
      this.#lookedAt = startedAt
      this.#tableBytes = 0
      onRound({ durationMs: clock.now() - startedAt, suspects: 0, ended: 0 })
      return
    }
    const lines = await this.#readTables()
    if (lines === undefined || !this.#isRunning) return
    const passedMs = Math.min(startedAt - this.#lookedAt, this.#plannedMs * LATE + LATE_MS)
    this.#lookedAt = startedAt
    this.#suspects.look(lines, passedMs)
    await findSessions(this.#suspects.strangers, sessions)
    const durationMs = clock.now() - startedAt
    const ended = await this.#end(this.#suspects.takeGone())
    onRound({ durationMs, suspects: this.#suspects.sessions, ended })
  }

  /** Nobody is suspected, and nothing was sent in vain since the last look: none can be now. */
  async #isCalm(): Promise<boolean> {
    const { counters } = this.#options
    if (counters === '') return false
    // Asked before the tables are read: what happens meanwhile is seen by the next look.
    const attempts = await readKernelAttempts(counters)
    const isSame = attempts !== undefined && attempts === this.#attempts
    this.#attempts = attempts
    return isSame && this.#suspects.leftMs === Infinity
  }

  /** Undefined when they could not be read this time. */
  async #readTables(): Promise<Unanswered[] | undefined> {
    const lines: Unanswered[] = []
    this.#tableBytes = 0
    for (const table of this.#tables) {
      try {
        this.#tableBytes += await readTcpTable(table, (line) => lines.push(line))
      } catch (error) {
        this.#dropTable(table, error as NodeJS.ErrnoException)
        return undefined
      }
    }
    return lines
  }

  /** A system may have one family only. */
  #dropTable(table: string, error: NodeJS.ErrnoException): void {
    if (!UNAVAILABLE.has(error.code ?? '')) return
    this.#tables = this.#tables.filter((other) => other !== table)
    if (this.#tables.length > 0) return
    this.stop()
    this.#options.onUnavailable(error)
  }

  /** Answers how many sessions it ended. */
  async #end(gone: readonly Suspect[]): Promise<number> {
    let ended = 0
    for (const [index, { sessions = [] }] of gone.entries()) {
      if (index > 0 && index % CUTS_PER_TURN === 0) await nextTurn()
      if (!this.#isRunning) break
      // All of one connection in one go: cutting it would give the others another reason.
      for (const session of sessions) {
        if (session.isOver) continue
        session.sever('unreachable')
        ended++
      }
    }
    return ended
  }
}

/** Makes a watch over sessions; it looks from `start()` on. Throws `HL_OPTION_INVALID`. */
export function createKernelWatch(options: KernelWatchOptions): KernelWatch {
  return new KernelWatch(resolveKernelWatchOptions(options))
}
