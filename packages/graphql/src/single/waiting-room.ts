import { toError } from '../errors.ts'
import type { OperationMessage, Question, Verdict } from './question.ts'
import type { Reservation } from './token.ts'

interface Waiting {
  readonly expiresAt: number
  readonly messages: Map<string, { message: OperationMessage; bytes: number }>
}

interface Bounds {
  readonly maxOperations: number
  readonly maxWaitingBytes: number
}

/** How often what expired is thrown out. */
const SWEEP_MS = 1_000

/** Operations that came before their stream. Bounded for each stream and for all together. */
export class WaitingRoom {
  readonly #bounds: Bounds
  readonly #now: () => number
  readonly #waiting = new Map<string, Waiting>()
  #bytes = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(bounds: Bounds, now: () => number = Date.now) {
    this.#bounds = bounds
    this.#now = now
  }

  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    let size = 0
    for (const { messages } of this.#waiting.values()) size += messages.size
    return size
  }

  /** @throws HeartlineError `HL_GRAPHQL_OVERLOADED` */
  answer(reservation: Reservation, question: Question): Verdict {
    if (reservation.expiresAt <= this.#now()) return 'missing'
    if (question.kind === 'operation') return this.#add(reservation, question.message)
    this.#remove(reservation.id, question.id)
    return 'accepted'
  }

  /** What waits for a stream that is open now, in the order it came. */
  take(id: string): OperationMessage[] {
    const waiting = this.#waiting.get(id)
    this.#forget(id)
    return waiting === undefined ? [] : [...waiting.messages.values()].map((one) => one.message)
  }

  /** Throws out everything. */
  close(): void {
    for (const id of this.#waiting.keys()) this.#forget(id)
    this.#arm()
  }

  #add({ id, expiresAt }: Reservation, message: OperationMessage): Verdict {
    const { maxOperations, maxWaitingBytes } = this.#bounds
    const waiting: Waiting = this.#waiting.get(id) ?? { expiresAt, messages: new Map() }
    if (waiting.messages.has(message.id)) return 'taken'
    if (waiting.messages.size >= maxOperations) return 'full'
    const bytes = JSON.stringify(message).length * 2
    if (this.#bytes + bytes > maxWaitingBytes) throw toError('overloaded')
    this.#waiting.set(id, waiting)
    waiting.messages.set(message.id, { message, bytes })
    this.#bytes += bytes
    this.#arm()
    return 'accepted'
  }

  #remove(id: string, operationId: string): void {
    const waiting = this.#waiting.get(id)
    const found = waiting?.messages.get(operationId)
    if (waiting === undefined || found === undefined) return
    waiting.messages.delete(operationId)
    this.#bytes -= found.bytes
    if (waiting.messages.size === 0) this.#forget(id)
  }

  #forget(id: string): void {
    for (const { bytes } of this.#waiting.get(id)?.messages.values() ?? []) this.#bytes -= bytes
    this.#waiting.delete(id)
  }

  #sweep(): void {
    const now = this.#now()
    for (const [id, { expiresAt }] of this.#waiting) if (expiresAt <= now) this.#forget(id)
    this.#timer = undefined
    this.#arm()
  }

  /** A timer only while somebody waits. It does not keep the process alive. */
  #arm(): void {
    if (this.#waiting.size === 0) {
      clearTimeout(this.#timer)
      this.#timer = undefined
    } else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#sweep(), SWEEP_MS)
      const { unref } = this.#timer as { unref?: () => void }
      unref?.call(this.#timer)
    }
  }
}
