import type { Session } from '@heartline/session/fetch'
import { HeartlineError, type EventFields } from '@heartline/wire'
import type { ExecutionResult, GraphQLError } from 'graphql'
import type { SubscribeResult } from './engine.ts'
import { graphqlErrors, toError } from './errors.ts'
import type { Execution } from './execution.ts'
import type { Frames } from './frames.ts'
import { placeOf, type OperationEnd } from './operation.ts'
import type { FrameGate } from './frame-gate.ts'
import { Pause } from './pause.ts'
import { toErrorMember } from './reply.ts'
import { nextTurn } from './turn.ts'

/** What carries the results of an operation, and who is told of its end. */
export interface RunTerms {
  readonly session: Session
  /** Of the session. */
  readonly gate: FrameGate
  readonly frames: Frames
  /** Milliseconds between two frames at the least. */
  readonly minEventInterval: number
  readonly report: (error: unknown) => void
  /** Called once, when nothing more is sent. `resume`: the reader should come back. */
  readonly onEnd: (end: OperationEnd, resume: boolean) => void
}

/** Results sent without letting others run: a source that always has one would starve them. */
const BURST = 256

/**
 * Carries the results of one operation into a session. The source is asked for the next one only
 * when the reader took the one before, so that at most one result waits.
 */
export class OperationRun {
  readonly #execution: Execution
  readonly #terms: RunTerms
  readonly #pause: Pause
  #iterator: AsyncIterator<ExecutionResult> | undefined
  #isWaiting = false
  #isOver = false
  #sent = 0

  constructor(execution: Execution, terms: RunTerms) {
    this.#execution = execution
    this.#terms = terms
    this.#pause = new Pause(terms.minEventInterval)
  }

  /** Executes and sends. Never rejects. */
  async start(): Promise<void> {
    // The reader left before it began.
    if (!this.#terms.session.isOpen) return this.stop()
    placeOf(this.#execution.operation).onMoved = (id) => this.#announce(id)
    try {
      const outcome = await this.#execution.start()
      await this.#carry(outcome)
      await this.#finish('completed')
    } catch (error) {
      await this.#fail(error)
    }
  }

  /** Nobody wants the results any more: the source is told at once, even while it thinks. */
  stop(): void {
    if (this.#isOver) return
    this.#over('stopped', false)
    this.#leave()
  }

  async #carry(outcome: SubscribeResult): Promise<void> {
    if (!isStream(outcome)) return this.#send(outcome)
    this.#iterator = outcome[Symbol.asyncIterator]()
    // The reader left while the source was made.
    if (this.#isOver) return this.#leave()
    const { gate } = this.#terms
    const { signal } = this.#execution.operation
    for (;;) {
      if (!(await gate.isFree(signal))) return
      this.#isWaiting = true
      const { value, done } = await this.#iterator.next()
      this.#isWaiting = false
      if (done === true || this.#isOver) return
      await this.#send(value)
      if (++this.#sent % BURST === 0) await nextTurn()
    }
  }

  async #send(result: ExecutionResult): Promise<void> {
    const { frames } = this.#terms
    const place = placeOf(this.#execution.operation).take()
    await this.#put(() => frames.next(result, place))
  }

  /** Waits for the pace and for the reader, then sends. Sends nothing when it is over. */
  async #put(toFrame: () => EventFields): Promise<void> {
    await this.#pause.wait()
    const toPaced = (): EventFields => {
      this.#pause.sent()
      return toFrame()
    }
    await this.#terms.gate.send(toPaced, this.#execution.operation.signal)
  }

  async #finish(end: OperationEnd): Promise<void> {
    await this.#put(() => this.#terms.frames.complete())
    this.#over(end, false)
  }

  /** What the reader is told of a source that threw. One that is to be asked again says nothing. */
  async #fail(error: unknown): Promise<void> {
    if (this.#isOver) return
    if (isInterruption(error)) return this.#over('stopped', true)
    const member = toErrorMember(error, this.#terms.report, toError('sourceFailed'))
    this.#leave()
    await this.#send({ errors: [member as GraphQLError] })
    await this.#finish('failed')
  }

  /** The source moved without a result, while one is waited for. */
  #announce(id: string): void {
    const { session, frames } = this.#terms
    const frame = frames.place(id)
    if (frame === undefined || !this.#isWaiting || this.#isOver || session.isBlocked) return
    session.send(frame)
  }

  #over(end: OperationEnd, resume: boolean): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#pause.cancel()
    this.#execution.end(end)
    this.#terms.onEnd(end, resume)
  }

  /** Lets the source clean up. It may answer late, never or with an error: nobody waits for it. */
  #leave(): void {
    try {
      Promise.resolve(this.#iterator?.return?.()).catch(() => undefined)
    } catch {
      // A source that fails while it cleans up has nobody left to tell.
    }
  }
}

function isStream(outcome: SubscribeResult): outcome is AsyncIterable<ExecutionResult> {
  return Symbol.asyncIterator in outcome
}

/** The hub behind the source leaves or gave its reader up: the client comes back with its place. */
function isInterruption(error: unknown): boolean {
  const { originalError = error } = (error ?? {}) as { originalError?: unknown }
  const { code } = originalError instanceof HeartlineError ? originalError : {}
  return code === graphqlErrors.sourceEnded.code
}
