import type { Session } from '@heartline/session/fetch'
import type { ExecutionResult, GraphQLError } from 'graphql'
import { toError } from '../errors.ts'
import type { Executor } from '../executor.ts'
import { singleFrames, type Frames } from '../frames.ts'
import { OperationRun } from '../operation-run.ts'
import type { OperationEnd } from '../operation.ts'
import { FrameGate } from '../frame-gate.ts'
import { toErrorMember } from '../reply.ts'
import type { OperationMessage, Question, Verdict } from './question.ts'

/** What a shared stream needs to run operations. */
export interface SharedStreamTerms<Incoming> {
  readonly session: Session
  /** The request that opened the stream. */
  readonly incoming: Incoming
  readonly executor: Executor<Incoming, unknown>
  readonly maxOperations: number
  readonly minEventInterval: number
  readonly report: (error: unknown) => void
}

/** An operation from its acceptance to its end. */
interface Slot {
  run: OperationRun | undefined
  /** Aborted when it is stopped, begun or not. */
  readonly stopping: AbortController
}

/** One open stream and the operations on it. Their ids are keys of a map: any text will do. */
export class SharedStream<Incoming> {
  readonly #terms: SharedStreamTerms<Incoming>
  readonly #gate: FrameGate
  readonly #slots = new Map<string, Slot>()

  constructor(terms: SharedStreamTerms<Incoming>) {
    this.#terms = terms
    this.#gate = new FrameGate(terms.session)
  }

  /** Operations that have not ended. */
  get size(): number {
    return this.#slots.size
  }

  /** Does what was asked, now or a little later. */
  answer(question: Question): Verdict {
    if (!this.#terms.session.isOpen) return 'missing'
    if (question.kind === 'operation') return this.#add(question.message)
    this.#stop(question.id)
    return 'accepted'
  }

  /** The reader is gone. */
  end(): void {
    for (const id of this.#slots.keys()) this.#stop(id)
  }

  #add(message: OperationMessage): Verdict {
    const { id } = message
    if (this.#slots.has(id)) return 'taken'
    if (this.#slots.size >= this.#terms.maxOperations) return 'full'
    const slot: Slot = { run: undefined, stopping: new AbortController() }
    this.#slots.set(id, slot)
    this.#start(message, slot).catch((error: unknown) => this.#refuse(id, slot, error))
    return 'accepted'
  }

  #stop(id: string): void {
    const slot = this.#slots.get(id)
    if (slot === undefined) return
    this.#slots.delete(id)
    slot.stopping.abort()
    slot.run?.stop()
  }

  async #start(message: OperationMessage, slot: Slot): Promise<void> {
    const { executor, incoming, session, minEventInterval, report } = this.#terms
    const { id, params, identity } = message
    const request = executor.check(params)
    // It was checked where it came in: processes with different schemas share this stream.
    if ('errors' in request) return this.#tell(id, slot, request as ExecutionResult)
    const lastEventId = textOf(params.extensions?.['lastEventId'])
    const origin = { incoming, mode: 'single', identity, lastEventId } as const
    const execution = await executor.begin(request, origin)
    if (slot.stopping.signal.aborted) return execution.end('stopped')
    const frames = singleFrames(id)
    const onEnd = (_end: OperationEnd, resume: boolean): void => this.#ended(id, slot, resume)
    const gate = this.#gate
    const terms = { session, gate, frames, minEventInterval, report, onEnd }
    slot.run = new OperationRun(execution, terms)
    await slot.run.start()
  }

  /** Its id is free again. */
  #ended(id: string, slot: Slot, resume: boolean): void {
    if (resume) return this.#refuse(id, slot, toError('sourceEnded', { reason: 'interrupted' }))
    if (this.#slots.get(id) === slot) this.#slots.delete(id)
  }

  #refuse(id: string, slot: Slot, error: unknown): void {
    const member = toErrorMember(error, this.#terms.report)
    void this.#tell(id, slot, { errors: [member as GraphQLError] })
  }

  /** An operation that ends before it began. It has its place among the others until it was told. */
  async #tell(id: string, slot: Slot, result: ExecutionResult): Promise<void> {
    const { signal } = slot.stopping
    const frames: Frames = singleFrames(id)
    await this.#gate.send(() => frames.next(result, {}), signal)
    await this.#gate.send(() => frames.complete(), signal)
    if (this.#slots.get(id) === slot) this.#slots.delete(id)
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
