import { HeartlineError } from '@heartline/wire'
import { sessionErrors } from './errors.ts'
import type { HeldTransport } from './held-transport.ts'
import { reportError, type SessionMonitor } from './monitor.ts'
import { nextTurn } from './next-turn.ts'
import type { EndWatcher } from './pump.ts'
import type { Session } from './session.ts'

/**
 * The user's work for one stream. `signal` is aborted as soon as the session ends, whatever the
 * handler waits for; `context` is what the framework calls a request.
 */
export type StreamHandler<Context = unknown> = (
  session: Session,
  signal: AbortSignal,
  context: Context,
) => unknown

export interface HandlerTerms<Context> {
  readonly session: Session
  readonly held: HeldTransport
  readonly handler: StreamHandler<Context>
  readonly context: Context
  readonly closeWhenDone: boolean
  readonly handlerTimeoutMs: number
  readonly monitor: SessionMonitor | undefined
}

/** Calls a handler, and sees to it that each way it can end has one consequence. */
export class HandlerRun<Context> implements EndWatcher {
  readonly #terms: HandlerTerms<Context>
  #timer: ReturnType<typeof setTimeout> | undefined = undefined
  #refuse: ((error: unknown) => void) | undefined = undefined

  constructor(terms: HandlerTerms<Context>) {
    this.#terms = terms
  }

  /** Resolves once the head was sent; rejects with what the handler threw before. */
  async start(): Promise<void> {
    const { session, monitor, handlerTimeoutMs } = this.#terms
    const refused = new Promise<never>((_, reject) => (this.#refuse = reject))
    monitor?.onHandlerStart?.(session)
    session.watchEnd(this)
    if (handlerTimeoutMs > 0) this.#setTimeout(handlerTimeoutMs)
    this.#call().then(
      () => this.#done(),
      (error: unknown) => this.#failed(error),
    )
    await Promise.race([refused, nextTurn()])
    this.#sendHead()
    this.#refuse = undefined
  }

  /** The session ended: the signal tells the handler. */
  onOver(): void {
    clearTimeout(this.#timer)
  }

  async #call(): Promise<void> {
    const { session, handler, context } = this.#terms
    await handler(session, session.signal, context)
  }

  #sendHead(): void {
    try {
      this.#terms.held.release()
    } catch (error) {
      this.#abandon(error)
      throw error
    }
  }

  #setTimeout(timeoutMs: number): void {
    const late = (): void => {
      this.#fail(new HeartlineError(sessionErrors.handlerTimeout, { timeoutMs }))
    }
    this.#timer = setTimeout(late, timeoutMs)
    ;(this.#timer as { unref?: () => void }).unref?.()
  }

  #done(): void {
    this.#settle()
    const { session, closeWhenDone } = this.#terms
    if (!closeWhenDone) return
    try {
      session.close('finished')
    } catch (error) {
      this.#fail(error)
    }
  }

  #failed(error: unknown): void {
    this.#settle()
    this.#fail(error)
  }

  #settle(): void {
    const { session, monitor } = this.#terms
    clearTimeout(this.#timer)
    session.unwatchEnd(this)
    monitor?.onHandlerEnd?.(session)
  }

  /** Before the head somebody else answers; after it the stream ends, and somebody has to know. */
  #fail(error: unknown): void {
    const { session, held, monitor } = this.#terms
    if (!held.isReleased) return this.#abandon(error)
    if (session.isOpen) session.close('handler-error', { error })
    else if (isAbort(error, session)) return
    reportError(error, session, monitor)
  }

  #abandon(error: unknown): void {
    const { session, held } = this.#terms
    held.abandon()
    session.close('handler-error', { error, graceMs: 0 })
    session.onTransportClosed('finished')
    this.#refuse?.(error)
  }
}

/** What a handler throws because its reader has gone is no error of the handler. */
function isAbort(error: unknown, session: Session): boolean {
  return error === session.signal.reason || (error as Error | undefined)?.name === 'AbortError'
}
