import { Agent } from 'node:http'
import { decodeCursor } from '@heartline/wire'
import { httpCall, type HttpAnswer } from './http-call.ts'
import { numberedData } from './numbered.ts'
import { sleep } from './wait-for.ts'

export type PublishForm = 'one' | 'array' | 'ndjson'

export interface PublisherOptions {
  readonly topic: string
  /** The data of event number n. Default `numberedData`. */
  readonly data?: ((n: number) => string) | undefined
  /** Added to every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Makes publish ids of this run differ from another's on the same store. Default: drawn. */
  readonly name?: string | undefined
  /**
   * False sends no publish ids, which the hub would have to remember: for a hub that is not killed.
   * A publish that is not acknowledged then fails. Default true.
   */
  readonly withIds?: boolean | undefined
  /** How long one attempt may take. Default 20,000. */
  readonly attemptMs?: number | undefined
}

interface StoredEvent {
  readonly id: string
  readonly duplicate: boolean
}

const RETRY_MS = 50

/**
 * Publishes the numbers 1, 2, 3, ... in order, each exactly once: a request is repeated until it is
 * acknowledged, across restarts of the hub, and every event carries a publish id, so that what was
 * stored by an attempt without an answer is not stored again.
 */
export class Publisher {
  /** The offset in the log of each number, from index 1. */
  readonly offsets: number[] = [0]
  /** When each number was first handed to the hub (`performance.now()`), from index 1. */
  readonly sentAt: number[] = [0]
  /** Attempts that were not acknowledged. */
  failures = 0
  /** Events that an unanswered attempt had stored after all. */
  duplicates = 0
  readonly #url: string
  readonly #options: PublisherOptions
  readonly #name: string
  readonly #withIds: boolean
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  constructor(hubUrl: string, options: PublisherOptions) {
    this.#url = `${hubUrl}/v1/events`
    this.#options = options
    this.#withIds = options.withIds ?? true
    this.#name = options.name ?? `run${Math.random().toString(36).slice(2, 10)}`
  }

  /** How many numbers are acknowledged. */
  get acknowledged(): number {
    return this.offsets.length - 1
  }

  /** Publishes the next `count` numbers with one request. Resolves once they are acknowledged. */
  async publish(count: number, form: PublishForm = 'array'): Promise<void> {
    const first = this.offsets.length
    const events = Array.from({ length: count }, (_, index) => this.#event(first + index, form))
    const now = performance.now()
    for (let n = first; n < first + count; n++) this.sentAt[n] = now
    for (const stored of await this.#untilAcknowledged(events, form)) {
      this.offsets.push(decodeCursor(stored.id).positions.get('')?.offset ?? Number.NaN)
      if (stored.duplicate) this.duplicates++
    }
    if (this.acknowledged !== first + count - 1) {
      throw new Error(
        `The hub answered ${this.acknowledged - first + 1} results for ${count} events`,
      )
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #event(n: number, form: PublishForm): string {
    const data = (this.#options.data ?? numberedData)(n)
    const publishId = form === 'one' || !this.#withIds ? undefined : this.#publishId(n)
    return JSON.stringify({ topic: this.#options.topic, data, publishId })
  }

  #publishId(n: number): string {
    return `${this.#name}-${n}`
  }

  async #untilAcknowledged(
    events: readonly string[],
    form: PublishForm,
  ): Promise<readonly StoredEvent[]> {
    for (;;) {
      const answer = await this.#attempt(events, form).catch(() => undefined)
      if (answer !== undefined && answer.status < 300) return toStored(answer, form)
      this.failures++
      if (!this.#withIds || (answer !== undefined && answer.status < 500)) {
        throw new Error(`The hub refused a publish: ${answer?.status} ${answer?.text}`)
      }
      await sleep(RETRY_MS)
    }
  }

  #attempt(events: readonly string[], form: PublishForm): Promise<HttpAnswer> {
    const type = form === 'ndjson' ? 'application/x-ndjson' : 'application/json'
    const id = this.#publishId(this.offsets.length)
    return httpCall(this.#url, {
      method: 'POST',
      agent: this.#agent,
      timeoutMs: this.#options.attemptMs,
      headers: {
        'content-type': type,
        ...(form === 'one' && this.#withIds ? { 'idempotency-key': id } : {}),
        ...this.#options.headers,
      },
      body: toBody(events, form),
    })
  }
}

function toBody(events: readonly string[], form: PublishForm): string {
  if (form === 'array') return `[${events.join(',')}]`
  if (form === 'ndjson') return events.map((event) => `${event}\n`).join('')
  if (events.length !== 1) throw new Error('The form `one` publishes one event')
  return events[0] as string
}

function toStored(answer: HttpAnswer, form: PublishForm): readonly StoredEvent[] {
  const body: unknown = JSON.parse(answer.text)
  if (form === 'one') return [body as StoredEvent]
  if (form === 'array') return body as StoredEvent[]
  return (body as { results: StoredEvent[] }).results
}
