import type { EndReason, Session, SessionEnd, SessionObserver } from '@heartline/session/fetch'
import { encodeRetry } from '@heartline/wire'

/** The streams of a handler, and what is to be done when one of them ends. */
export class OpenStreams implements SessionObserver {
  readonly #streams = new Map<Session, (end: SessionEnd) => void>()
  #isDraining = false

  get size(): number {
    return this.#streams.size
  }

  /** `onEnd` is called once, in a microtask when the reader has left already. */
  add(session: Session, onEnd: (end: SessionEnd) => void): void {
    this.#streams.set(session, onEnd)
    session.observe(this)
    if (this.#isDraining) this.#sendAway(session)
  }

  onWritable(): void {}

  onEnd(session: Session, end: SessionEnd): void {
    const onEnd = this.#streams.get(session)
    this.#streams.delete(session)
    onEnd?.(end)
  }

  /**
   * Ends all streams, and those that are opened later. None gets a `complete`: clients take that for
   * a stream that broke, and come back.
   */
  drain(): void {
    this.#isDraining = true
    for (const session of this.#streams.keys()) this.#sendAway(session)
  }

  #sendAway(session: Session, reason: EndReason = 'drained'): void {
    // Up to 2 s apart, so that the next server is not asked by all of them at once.
    const retryMs = 1_000 + Math.floor(Math.random() * 2_000)
    session.close(reason, { final: encodeRetry(retryMs) })
  }
}
