import { randomBytes } from 'node:crypto'
import { brokerErrors, type AppendResult, type NewEntry } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import {
  readProblem,
  toBrokerError,
  toProblem,
  unavailable,
  type UpstreamProblem,
} from './problem.ts'
import { decodeJson, encodeNewEntry, LOG_PATH, type AppendOutcome } from './protocol.ts'
import type { Outcome, UpstreamHttp } from './upstream-http.ts'

/** One request carries at most so many appends, and so much text unless one alone is larger. */
const MAX_GROUP_APPENDS = 1_000
const MAX_GROUP_BYTES = 1024 * 1024
/** The wait before a repeat of what may have been stored. */
const REPEAT_MS = 100

/** How appends reach the upstream. */
export interface AppendQueueOptions {
  readonly maxPendingBytes: number
  /** For one request with all its repeats. */
  readonly timeoutMs: number
  /** Names the process at the upstream. */
  readonly instance: () => string
}

interface Waiting {
  readonly json: string
  readonly bytes: number
  readonly resolve: (results: readonly AppendResult[]) => void
  readonly reject: (error: unknown) => void
}

/**
 * Appends in their order, one request at a time: what is called meanwhile goes together in the
 * next one.
 *
 * A request that may have arrived is repeated under the same number, and the upstream answers what
 * it did the first time. Only when the upstream was restarted in between does it not know: then
 * entries with publish ids are safe to repeat, and the others are refused as ambiguous.
 */
export class AppendQueue {
  readonly #http: UpstreamHttp
  readonly #options: AppendQueueOptions
  readonly #relay = randomBytes(12).toString('hex')
  readonly #waiting: Waiting[] = []
  #seq = 0
  #pendingBytes = 0
  #working: Promise<void> | undefined

  constructor(http: UpstreamHttp, options: AppendQueueOptions) {
    this.#http = http
    this.#options = options
  }

  append(entries: readonly NewEntry[]): Promise<readonly AppendResult[]> {
    const json = `[${entries.map(encodeNewEntry).join(',')}]`
    const bytes = Buffer.byteLength(json)
    if (this.#pendingBytes + bytes > this.#options.maxPendingBytes && this.#pendingBytes > 0) {
      const maxPending = `${this.#options.maxPendingBytes} bytes of`
      return Promise.reject(new HeartlineError(brokerErrors.throttled, { maxPending }))
    }
    this.#pendingBytes += bytes
    return new Promise((resolve, reject) => {
      this.#waiting.push({ json, bytes, resolve, reject })
      this.#working ??= this.#work()
    })
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working
  }

  async #work(): Promise<void> {
    // Appends of the same turn go together.
    await Promise.resolve()
    for (let group = this.#take(); group.length > 0; group = this.#take()) {
      await this.#deliver(group)
      for (const { bytes } of group) this.#pendingBytes -= bytes
    }
    this.#working = undefined
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const next of this.#waiting) {
      if (count === MAX_GROUP_APPENDS || (count > 0 && bytes + next.bytes > MAX_GROUP_BYTES)) break
      bytes += next.bytes
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #deliver(group: readonly Waiting[]): Promise<void> {
    const delivery = new Delivery(`"relay":"${this.#relay}","seq":${++this.#seq}`, group)
    const deadline = performance.now() + this.#options.timeoutMs
    for (;;) {
      const instance = this.#options.instance()
      const timeoutMs = Math.max(1, (deadline - performance.now()) / (delivery.isRisky ? 1 : 2))
      const body = delivery.body()
      const outcome = await this.#http.ask({ method: 'POST', path: LOG_PATH, body, timeoutMs })
      if (delivery.settle(outcome, instance)) return
      if (performance.now() + REPEAT_MS >= deadline) return delivery.giveUp()
      await new Promise((resolve) => setTimeout(resolve, REPEAT_MS))
    }
  }
}

/** One request and its repeats. */
class Delivery {
  readonly #name: string
  readonly #group: readonly Waiting[]
  /** The instance that may have stored it. Undefined: certainly none has. */
  #riskedAt: string | undefined
  #reason = ''

  constructor(name: string, group: readonly Waiting[]) {
    this.#name = name
    this.#group = group
  }

  get isRisky(): boolean {
    return this.#riskedAt !== undefined
  }

  body(): string {
    const repeat =
      this.#riskedAt === undefined ? '' : `,"instance":${JSON.stringify(this.#riskedAt)}`
    return `{${this.#name}${repeat},"appends":[${this.#group.map(({ json }) => json).join(',')}]}`
  }

  /** Settles the appends, or answers false: it must be sent again. */
  settle(outcome: Outcome, instance: string): boolean {
    const problem = outcome.kind === 'answer' ? this.#take(outcome) : undefined
    if (outcome.kind === 'answer' && problem === undefined) return true
    this.#reason = outcome.kind === 'failed' ? outcome.reason : (problem?.detail ?? '')
    // An answer of a hub that is not 200 was given before anything was stored; one of a proxy says
    // nothing of what happened behind it.
    const mayBeStored = outcome.kind === 'failed' ? outcome.arrived : problem?.code === undefined
    if (mayBeStored) this.#riskedAt ??= instance
    if (this.isRisky) return false
    this.#rejectAll(problem === undefined ? unavailable(this.#reason) : toBrokerError(problem))
    return true
  }

  giveUp(): void {
    this.#rejectAll(new HeartlineError(brokerErrors.ambiguous, { reason: this.#reason }))
  }

  /** Settles each append by its own outcome; answers the problem if there is one for all. */
  #take(answer: Outcome & { kind: 'answer' }): UpstreamProblem | undefined {
    if (answer.status !== 200) return readProblem(answer.status, answer.text)
    const outcomes = toOutcomes(answer.text, this.#group.length)
    if (outcomes === undefined) return toProblem({ detail: 'an answer that is none' })
    for (const [index, { resolve, reject }] of this.#group.entries()) {
      const { results, problem } = outcomes[index] ?? {}
      if (results !== undefined) resolve(results)
      else reject(toBrokerError(toProblem(problem)))
    }
    return undefined
  }

  #rejectAll(error: HeartlineError): void {
    for (const { reject } of this.#group) reject(error)
  }
}

function toOutcomes(text: string, count: number): readonly AppendOutcome[] | undefined {
  try {
    const outcomes = decodeJson(text)
    return Array.isArray(outcomes) && outcomes.length === count ? outcomes : undefined
  } catch {
    return undefined
  }
}
