import { Buffer } from 'node:buffer'
import { frameChunk, type Session } from '@heartline/session'
import type { Counters } from './counters.ts'

/** Bytes handed to a session in one write. */
const WRITE_BYTES = 65_536

/** Gathers event text for one session and hands it over in pieces, never faster than it is taken. */
export class PieceWriter {
  readonly #session: Session
  readonly #counters: Counters
  #parts: Buffer[] = []
  #bytes = 0
  #events = 0

  constructor(session: Session, counters: Counters) {
    this.#session = session
    this.#counters = counters
  }

  /** True when a piece is ready: write before more is added. */
  get isFull(): boolean {
    return this.#bytes >= WRITE_BYTES
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0
  }

  /** @param events How many of what is counted as delivered: control events are not. */
  add(bytes: Buffer, events: number): void {
    this.#parts.push(bytes)
    this.#bytes += bytes.length
    this.#events += events
  }

  /**
   * Writes what was gathered as soon as the session takes it, then waits until it takes more.
   * False when the session is over.
   */
  async flush(): Promise<boolean> {
    while (this.#session.isOpen) {
      // Looked at again after each wait: another writer may have been first.
      if (this.#session.isBlocked) await this.#session.ready()
      else if (this.#parts.length > 0) this.writeNow()
      else return true
    }
    return false
  }

  /** Writes in this turn if the session takes it. False when it does not, or takes no more after. */
  tryWrite(): boolean {
    if (this.#session.isBlocked || this.#session.isOver) return false
    this.writeNow()
    return this.#session.isOpen && !this.#session.isBlocked
  }

  /** Only when the session is known to be ready in this turn. Answers the bytes it wrote. */
  writeNow(): number {
    const raw = Buffer.concat(this.#parts, this.#bytes)
    this.#counters.delivered += this.#events
    this.#counters.replayed += this.#events
    this.#counters.deliveredBytes += raw.length
    this.#parts = []
    this.#bytes = 0
    this.#events = 0
    this.#session.writeFramed(this.#session.framing === 'chunked' ? frameChunk(raw) : raw)
    return raw.length
  }
}
