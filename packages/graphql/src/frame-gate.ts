import type { Session } from '@heartline/session/fetch'
import type { EventFields } from '@heartline/wire'

/**
 * The way of frames onto a stream, each when the reader took what there was before. Nothing else
 * waits on the stream then, so that a frame of any size may go: what is queued behind another is
 * bounded. Who gives up waiting leaves nothing behind.
 */
export class FrameGate {
  readonly #session: Session
  readonly #waiting = new Set<() => void>()
  #isWatched = false

  constructor(session: Session) {
    this.#session = session
  }

  /** Resolves true when the stream may be written to, false when it is over or `signal` aborted. */
  async isFree(signal: AbortSignal): Promise<boolean> {
    while (this.#session.isBlocked && !signal.aborted) await this.#turn(signal)
    return this.#session.isOpen && !signal.aborted
  }

  /**
   * Sends a frame when its turn has come, and writes it only then. Nobody comes between the look and
   * the sending, however many wait.
   */
  async send(toFrame: () => EventFields, signal: AbortSignal): Promise<void> {
    while (this.#session.isBlocked && !signal.aborted) await this.#turn(signal)
    if (this.#session.isOpen && !signal.aborted) this.#session.send(toFrame())
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.#waiting.delete(go)
        signal.removeEventListener('abort', go)
        resolve()
      }
      this.#waiting.add(go)
      signal.addEventListener('abort', go)
      void this.#watch()
    })
  }

  async #watch(): Promise<void> {
    if (this.#isWatched) return
    this.#isWatched = true
    await this.#session.ready()
    this.#isWatched = false
    for (const go of this.#waiting) go()
  }
}
