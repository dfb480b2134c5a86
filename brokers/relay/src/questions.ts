import {
  toWellFormed,
  type Located,
  type Position,
  type ReadPage,
  type ReadRequest,
} from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { readProblem, toBrokerError, unavailable } from './problem.ts'
import { decodeEntries, decodeHead, decodeJson, LOG_PATH, type LogHead } from './protocol.ts'
import type { Outcome, Question, UpstreamHttp } from './upstream-http.ts'

/** What `GET /v1/log/state` answers. */
export interface UpstreamState extends LogHead {
  /** Why appends are refused there, if they are. */
  readonly refusal?: 'storage-full' | 'unavailable' | 'closed' | undefined
}

/** Asks the upstream what the relay does not know itself. Rejects with the errors of a broker. */
export class Questions {
  readonly #http: UpstreamHttp
  readonly #timeoutMs: number
  #asking: Promise<UpstreamState> | undefined
  #next: Promise<UpstreamState> | undefined

  constructor(http: UpstreamHttp, timeoutMs: number) {
    this.#http = http
    this.#timeoutMs = timeoutMs
  }

  /**
   * The state as of this call or later. Who asks while an answer is under way shares the next one:
   * ten thousand readers that come back together ask twice.
   */
  state(): Promise<UpstreamState> {
    if (this.#asking === undefined) return this.#askState()
    this.#next ??= this.#asking.then(
      () => this.#askNext(),
      () => this.#askNext(),
    )
    return this.#next
  }

  async read(request: ReadRequest): Promise<ReadPage> {
    const topics = request.topics?.map(toWellFormed)
    const body = JSON.stringify({ ...request, topics })
    const path = `${LOG_PATH}/entries`
    const page = (await this.#ask({ method: 'POST', path, body })) as Record<string, unknown>
    return {
      entries: decodeEntries(page['entries']),
      through: Number(page['through']),
      done: page['done'] === true,
    }
  }

  async locate({ ms, offset }: Position): Promise<Located> {
    const path = `${LOG_PATH}/locate?ms=${ms}&offset=${offset}`
    return (await this.#ask({ method: 'GET', path })) as Located
  }

  #askNext(): Promise<UpstreamState> {
    this.#next = undefined
    return this.#askState()
  }

  async #askState(): Promise<UpstreamState> {
    const asking = this.#readState()
    this.#asking = asking
    try {
      return await asking
    } finally {
      if (this.#asking === asking) this.#asking = undefined
    }
  }

  async #readState(): Promise<UpstreamState> {
    const answer = await this.#ask({ method: 'GET', path: `${LOG_PATH}/state` })
    const { refusal } = answer as Partial<UpstreamState>
    return { ...decodeHead(answer), refusal }
  }

  async #ask(question: Omit<Question, 'timeoutMs'>): Promise<unknown> {
    const outcome = await this.#askTwice({ ...question, timeoutMs: this.#timeoutMs })
    if (outcome.kind === 'failed') throw unavailable(outcome.reason)
    if (outcome.status !== 200) throw toBrokerError(readProblem(outcome.status, outcome.text))
    try {
      return decodeJson(outcome.text)
    } catch (error) {
      throw error instanceof HeartlineError ? unavailable(error.message) : error
    }
  }

  /** A kept connection may end in the moment it is used again. Questions change nothing. */
  async #askTwice(question: Question): Promise<Outcome> {
    const startedAt = performance.now()
    const outcome = await this.#http.ask(question)
    const leftMs = question.timeoutMs - (performance.now() - startedAt)
    if (outcome.kind === 'answer' || !outcome.arrived || leftMs < 1) return outcome
    return this.#http.ask({ ...question, timeoutMs: leftMs })
  }
}
