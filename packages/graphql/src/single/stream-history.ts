import type { Broker, Entry } from '@heartline/broker'
import type { Envelope } from './envelope.ts'
import type { Question } from './question.ts'

/** What the log says of the life of a stream. */
export type StateNote = { readonly opened: string } | { readonly closed: string }

/** A question as it stands in the log. */
export interface Asked {
  readonly question: Question
  /** Where the answer is waited for. Without it, nobody waits. */
  readonly answerTo?: { readonly process: string; readonly n: number } | undefined
}

/** The life of a stream so far. */
export interface StreamState {
  /** Which opening holds the stream now. */
  readonly holder: string | undefined
  /** Offset of the end of the stream before; what was asked up to there is past. */
  readonly closedAt: number
  /** False when the log knows nothing of the stream, or not any more. */
  readonly isKnown: boolean
}

/** More notes than this are no history but an attack. */
const MAX_ENTRIES = 10_000

/** Reads what the log holds of one stream. */
export class StreamHistory {
  readonly #broker: Broker
  readonly #envelope: Envelope

  constructor(broker: Broker, envelope: Envelope) {
    this.#broker = broker
    this.#envelope = envelope
  }

  /** The first opening after the last end holds the stream, in whatever order processes ask. */
  async state(topic: string): Promise<StreamState> {
    let holder: string | undefined
    let closedAt = 0
    const entries = await this.#read(topic, 0)
    for (const { position, data } of entries) {
      const note = (await this.#envelope.open(data, topic)) as StateNote | undefined
      if (note === undefined) continue
      if ('opened' in note) holder ??= note.opened
      else if (note.closed === holder) {
        holder = undefined
        closedAt = position.offset
      }
    }
    return { holder, closedAt, isKnown: entries.length > 0 }
  }

  /** What was asked after an offset, up to another. */
  async asked(topic: string, after: number, until?: number): Promise<Asked[]> {
    const asked: Asked[] = []
    for (const { data } of await this.#read(topic, after, until)) {
      const one = (await this.#envelope.open(data, topic)) as Asked | undefined
      if (one !== undefined) asked.push(one)
    }
    return asked
  }

  async #read(topic: string, after: number, until?: number): Promise<Entry[]> {
    const { base } = await this.#broker.state()
    const entries: Entry[] = []
    let from = Math.max(after, base.offset)
    for (;;) {
      const page = await this.#broker.read({ after: from, until, topics: [topic] })
      entries.push(...page.entries)
      from = page.through
      if (page.done || entries.length > MAX_ENTRIES) return entries
    }
  }
}

/** Operations that wait, by id: what was stopped again is not among them. */
export function stillWaiting(asked: readonly Asked[]): Map<string, Question> {
  const waiting = new Map<string, Question>()
  for (const { question } of asked) {
    if (question.kind === 'stop') waiting.delete(question.id)
    else if (!waiting.has(question.message.id)) waiting.set(question.message.id, question)
  }
  return waiting
}
