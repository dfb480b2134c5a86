import { HeartlineError } from '@heartline/wire'
import { IN_BATCH, NO_BATCH } from './batch.ts'
import { encodeFramed } from './chunk.ts'
import type { Connection } from './connection.ts'
import { sessionErrors } from './errors.ts'
import { PendingBytes } from './pending-bytes.ts'
import type { SessionPolicy } from './policy.ts'
import type { SendResult } from './send-result.ts'
import { BLOCKED, FREE, OVER, type State } from './session-state.ts'
import { Timetable, type Due, type TimetableOwner } from './timetable.ts'
import type { Framing, Protocol, Seam, Transport } from './transport.ts'

/** A larger write goes in pieces: of a slow reader one must see that it reads. */
const PIECE_BYTES = 1_048_576

/**
 * The side of a session that writes: a transport, whether it takes more, and what waits until it
 * does. A base and no part, since each idle session would pay for one object more.
 */
export abstract class Outlet implements TimetableOwner {
  protected readonly timetable: Timetable
  #transport: Transport
  #state: State = FREE
  /** The newest batch that it was taken into. */
  #batch = 0
  #pending: PendingBytes | undefined = undefined

  constructor(transport: Transport, policy: SessionPolicy) {
    this.#transport = transport
    this.timetable = new Timetable(this, policy)
  }

  /** How bytes for `writeFramed` have to be framed. Asking for it sends a head that is held back. */
  get framing(): Framing {
    return this.#transport.framing
  }

  get protocol(): Protocol {
    return this.#transport.protocol
  }

  /** True until the session ends. */
  get isOpen(): boolean {
    return this.#state !== OVER
  }

  get isOver(): boolean {
    return this.#state === OVER
  }

  /** True while the reader has not taken what was written. False once the session is over. */
  get isBlocked(): boolean {
    return this.#state === BLOCKED
  }

  /** The connection as the kernel knows it. It may be a proxy's. */
  get connection(): Connection {
    return this.#transport
  }

  /** What its bytes are written to. */
  get seam(): Seam {
    return this.#transport.seam ?? 'custom'
  }

  /** When bytes were last handed over, in milliseconds of the wheel's clock (`Wheel.now`). */
  get lastWriteAt(): number {
    return this.timetable.lastWriteAt
  }

  /** Bytes that wait in this session's own queue. */
  get pendingBytes(): number {
    return this.#pending?.bytes ?? 0
  }

  /**
   * Hands over bytes that are framed for `framing` already, and queues nothing: the fast path of
   * a fan-out. Returns false when the session is now blocked (the bytes were taken) or over (they
   * were not). Throws `HL_SESSION_BLOCKED` when the session was blocked before.
   */
  writeFramed(bytes: Uint8Array): boolean {
    if (this.#state === FREE) return this.handOver(bytes)
    if (this.#state === OVER) return false
    throw new HeartlineError(sessionErrors.writeRefused)
  }

  /**
   * For a batch of sends that does in one system call what `writeFramed` does for one session: the
   * descriptor to send to, and the session counts as written to. What the batch cannot send follows
   * through `writeFramed` in the same turn, before anything else. See `NO_BATCH` and `IN_BATCH`.
   */
  joinBatch(batch: number): number {
    if (this.#state !== FREE) return NO_BATCH
    if (this.#batch === batch) return IN_BATCH
    const { fd } = this.#transport
    if (fd === undefined || fd < 0) return NO_BATCH
    this.#batch = batch
    this.timetable.wrote()
    return fd
  }

  /** @internal Called by the timetable. */
  abstract onDue(due: Due): void

  protected get transport(): Transport {
    return this.#transport
  }

  /** This is what carries it from now on. */
  protected set transport(transport: Transport) {
    this.#transport = transport
  }

  /** Hands bytes to a transport that is free. */
  protected handOver(bytes: Uint8Array): boolean {
    this.timetable.wrote()
    if (this.#give(bytes)) return true
    this.#state = BLOCKED
    this.timetable.block()
    return false
  }

  /** Writes text now or later; `full`: it would be more than may wait, and was not taken. */
  protected put(text: string, maxPendingBytes: number): SendResult | 'full' {
    const { framing } = this
    if (this.#state === OVER) return 'over'
    const bytes = encodeFramed(text, framing)
    if (this.#state === BLOCKED) return this.#queue(bytes, maxPendingBytes)
    return this.handOver(bytes) || this.#transport.isGone !== true ? 'written' : 'over'
  }

  /** The last bytes may pass the limit: nothing follows them, and the grace bounds their stay. */
  protected putFinal(bytes: Uint8Array): void {
    if (this.#state === FREE) return void this.handOver(bytes)
    ;(this.#pending ??= new PendingBytes()).push(bytes)
  }

  /** The transport takes bytes again. False when what waited has blocked it once more. */
  protected resume(): boolean {
    this.#state = FREE
    this.timetable.unblock()
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (!this.handOver(next)) return false
    }
    return true
  }

  /** Nothing more is taken. */
  protected seal(): void {
    this.#state = OVER
  }

  /** Ends the transport in good order, behind what still waits. */
  protected finish(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (!this.#give(next)) return
    }
    this.#transport.end()
  }

  /** What waits will not be carried. */
  protected drop(): void {
    this.#pending = undefined
  }

  /** Cuts the transport off. */
  protected discard(): void {
    this.#pending = undefined
    this.#transport.destroy()
  }

  /** Writes a piece after the other until the transport takes no more; what is left waits. */
  #give(bytes: Uint8Array): boolean {
    if (bytes.length <= PIECE_BYTES) return this.#transport.write(bytes)
    if (this.#transport.write(bytes.subarray(0, PIECE_BYTES))) {
      return this.#give(bytes.subarray(PIECE_BYTES))
    }
    ;(this.#pending ??= new PendingBytes()).putBack(bytes.subarray(PIECE_BYTES))
    return false
  }

  /** The next write of what waits. */
  #next(): Uint8Array | undefined {
    const next = this.#pending?.take()
    if (next === undefined) this.#pending = undefined
    return next
  }

  /** A reader that does not read may cost `maxPendingBytes`, not more. */
  #queue(bytes: Uint8Array, maxPendingBytes: number): SendResult | 'full' {
    if (this.#transport.isGone === true) return 'over'
    this.#pending ??= new PendingBytes()
    if (this.#pending.bytes + bytes.length > maxPendingBytes) return 'full'
    this.#pending.push(bytes)
    return 'waiting'
  }
}
