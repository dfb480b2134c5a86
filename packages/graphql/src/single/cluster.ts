import type { Broker, Entry, Tail, TailSink } from '@heartline/broker'
import { randomSessionId } from '@heartline/session/fetch'
import { toError } from '../errors.ts'
import { Envelope } from './envelope.ts'
import { OpenQuestions } from './open-questions.ts'
import type { Question, Verdict } from './question.ts'
import { StreamHistory, stillWaiting, type Asked, type StateNote } from './stream-history.ts'
import { toBase64Url, type Reservation } from './token.ts'
import { Turnstile } from './turnstile.ts'

/** What a cluster needs to know. */
export interface ClusterTerms {
  readonly broker: Broker
  readonly secret: string
  readonly answerMs: number
  readonly maxOperations: number
  readonly report: (error: unknown) => void
}

/** A stream that this process holds, or is about to. */
interface Hold {
  readonly id: string
  readonly opening: string
  /** Questions up to here were read from the log. */
  readAt: number
  /** Undefined until the stream is open. */
  answer: ((question: Question) => Verdict) | undefined
  /** Questions that came in between. */
  readonly early: Entry[]
  /** The one before is answered first. */
  last: Promise<void>
}

const PREFIX = 'heartline-graphql'

/**
 * Several processes behind one address. A stream is held by the process that its reader reached;
 * requests that reach another find it through the log. What they say is sealed.
 */
export class Cluster implements TailSink {
  readonly #terms: ClusterTerms
  readonly #envelope: Envelope
  readonly #history: StreamHistory
  readonly #questions: OpenQuestions
  readonly #turnstile = new Turnstile()
  readonly #holds = new Map<string, Hold>()
  readonly #process = randomSessionId()
  #tail: Promise<Tail> | undefined

  constructor(terms: ClusterTerms) {
    this.#terms = terms
    this.#envelope = new Envelope(terms.secret)
    this.#history = new StreamHistory(terms.broker, this.#envelope)
    this.#questions = new OpenQuestions(terms.answerMs)
  }

  /** Questions to other processes without an answer yet. */
  get questions(): number {
    return this.#questions.size
  }

  /**
   * Takes hold of a stream. Answers what was asked before, or undefined when another holds it.
   * Rejects with the errors of the broker: `release` then lets others try.
   */
  async claim(id: string): Promise<Question[] | undefined> {
    await this.#follow()
    const key = await keyOf(id)
    const opening = randomSessionId()
    const hold: Hold = { id, opening, readAt: 0, answer: undefined, early: [], last: DONE }
    this.#holds.set(key, hold)
    hold.readAt = await this.#append(topicOf('state', key), { opened: opening })
    const { holder, closedAt } = await this.#history.state(topicOf('state', key))
    if (holder === opening) {
      const asked = await this.#history.asked(topicOf('ask', key), closedAt, hold.readAt)
      return [...stillWaiting(asked).values()]
    }
    this.#holds.delete(key)
    return undefined
  }

  /** The stream is open: from now on its questions are answered, first those that came early. */
  async hold(id: string, answer: (question: Question) => Verdict): Promise<void> {
    const key = await keyOf(id)
    const hold = this.#holds.get(key)
    if (hold === undefined) return
    hold.answer = answer
    for (const entry of hold.early.splice(0)) this.#take(hold, entry)
  }

  /** The stream is over. Never rejects. */
  async release(id: string): Promise<void> {
    const key = await keyOf(id)
    const hold = this.#holds.get(key)
    if (hold === undefined) return
    this.#holds.delete(key)
    const note: StateNote = { closed: hold.opening }
    await this.#append(topicOf('state', key), note).catch(this.#terms.report)
  }

  /** Asks whoever holds the stream; what is asked before that is kept in the log. */
  async ask(reservation: Reservation, question: Question): Promise<Verdict> {
    await this.#follow()
    const key = await keyOf(reservation.id)
    const early = await this.#turnstile.pass(key, () => this.#askEarly(key, reservation, question))
    return early ?? this.#askHolder(key, question)
  }

  /** @internal */
  entries(batch: readonly Entry[]): void {
    for (const entry of batch) {
      const [topic = ''] = entry.topics
      const [prefix, kind, key = ''] = topic.split('/')
      if (prefix !== PREFIX) continue
      if (kind === 'answer' && key === this.#process) void this.#onAnswer(entry, topic)
      const hold = kind === 'ask' ? this.#holds.get(key) : undefined
      if (hold !== undefined) this.#onAsk(hold, entry)
    }
  }

  /** @internal Whoever waits for an answer gives up by itself. */
  state(): void {}

  /** @internal What was asked meanwhile is lost, and whoever asked is told that. */
  reset(): void {}

  close(): void {
    this.#tail?.then((tail) => tail.close()).catch(() => undefined)
    this.#questions.close()
  }

  /** Undefined when the stream is open, or may be. */
  async #askEarly(
    key: string,
    reservation: Reservation,
    question: Question,
  ): Promise<Verdict | undefined> {
    const { holder, closedAt, isKnown } = await this.#history.state(topicOf('state', key))
    if (holder !== undefined) return undefined
    // Of a stream that is open for long, the log may have forgotten the beginning.
    if (reservation.expiresAt <= Date.now()) return isKnown ? 'missing' : undefined
    const asked = await this.#history.asked(topicOf('ask', key), closedAt)
    if (question.kind === 'operation') {
      const waiting = stillWaiting(asked)
      if (waiting.has(question.message.id)) return 'taken'
      if (waiting.size >= this.#terms.maxOperations) return 'full'
    }
    // Stopped operations count, too: the log holds them.
    if (asked.length >= this.#terms.maxOperations * 4) return 'full'
    await this.#append(topicOf('ask', key), { question } satisfies Asked)
    return 'accepted'
  }

  async #askHolder(key: string, question: Question): Promise<Verdict> {
    const { n, verdict } = this.#questions.begin()
    const asked: Asked = { question, answerTo: { process: this.#process, n } }
    try {
      await this.#append(topicOf('ask', key), asked)
    } catch (error) {
      this.#questions.settle(n, 'missing')
      throw error
    }
    return verdict
  }

  #onAsk(hold: Hold, entry: Entry): void {
    if (hold.answer !== undefined) this.#take(hold, entry)
    // More than the stream would take anyway are not kept.
    else if (hold.early.length < this.#terms.maxOperations) hold.early.push(entry)
  }

  #take(hold: Hold, entry: Entry): void {
    if (entry.position.offset <= hold.readAt) return
    hold.last = hold.last.then(() => this.#reply(hold, entry)).catch(this.#terms.report)
  }

  async #reply(hold: Hold, entry: Entry): Promise<void> {
    const [topic = ''] = entry.topics
    const asked = (await this.#envelope.open(entry.data, topic)) as Asked | undefined
    const verdict = asked === undefined ? undefined : hold.answer?.(asked.question)
    if (asked?.answerTo === undefined || verdict === undefined) return
    const { process, n } = asked.answerTo
    await this.#append(topicOf('answer', process), { n, verdict })
  }

  async #onAnswer(entry: Entry, topic: string): Promise<void> {
    const answer = await this.#envelope.open(entry.data, topic)
    if (answer === undefined) return
    const { n, verdict } = answer as { n: number; verdict: Verdict }
    this.#questions.settle(n, verdict)
  }

  async #append(topic: string, value: unknown): Promise<number> {
    const data = await this.#envelope.seal(value, topic)
    const [result] = await this.#terms.broker.append([{ topics: [topic], data, private: true }])
    if (result === undefined) throw toError('clusterUnavailable')
    return result.position.offset
  }

  /** One tail for all streams, from the first time that somebody needs it. */
  async #follow(): Promise<void> {
    this.#tail ??= this.#openTail()
    try {
      await this.#tail
    } catch (error) {
      this.#tail = undefined
      throw error
    }
  }

  async #openTail(): Promise<Tail> {
    const { broker } = this.#terms
    const { last } = await broker.state()
    return broker.tail(last.offset, this)
  }
}

const DONE = Promise.resolve()

function topicOf(kind: 'state' | 'ask' | 'answer', key: string): string {
  return `${PREFIX}/${kind}/${key}`
}

/** The log does not hold the token itself: who knows a token may open its stream. */
async function keyOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return toBase64Url(new Uint8Array(digest))
}
