import {
  comparePlaces,
  type AckRequest,
  type Hub,
  type PresenceMember,
  type Readiness,
  type RenewRequest,
  type SessionInfo,
  type SessionPlace,
  type TopicRate,
} from '@heartline/hub'
import type {
  Incomplete,
  Peers,
  PresenceAnswer,
  SessionPage,
  SessionPageRequest,
} from '../peers/peers.ts'
import type { Channel } from './channel.ts'
import { mergePresence } from './merge-presence.ts'
import type { FirstQuestions, Gathered, WorkerQuestions } from './questions.ts'
import { formatPlace, parsePlace, workerOfSession } from './session-address.ts'

/** Told when the first process, which asks the workers with its own limit, is late itself. */
const GATHER_LIMIT_MS = 5_000

/** How a worker reaches the first process. */
export type ToFirst = Channel<FirstQuestions, WorkerQuestions>

/** One of several workers: it asks the others, through the first process. */
export class ClusterPeers implements Peers {
  readonly #number: number
  readonly #hub: Hub
  readonly #first: ToFirst

  constructor(number: number, hub: Hub, first: ToFirst) {
    this.#number = number
    this.#hub = hub
    this.#first = first
  }

  async sessions({ after, limit }: SessionPageRequest): Promise<SessionPage> {
    const place = after === undefined ? undefined : await this.#placeOf(after)
    if (place === null) return { sessions: [] }
    const gathered = await this.#all('sessions', { after: place, limit: limit + 1 })
    const found = gathered.answers.flat().sort(comparePlaces)
    const sessions = found.slice(0, limit)
    const last = found.length > limit ? sessions.at(-1) : undefined
    const next = last === undefined ? {} : { next: formatPlace(last) }
    return { sessions, ...next, ...incomplete(gathered) }
  }

  async session(id: string): Promise<SessionInfo | undefined> {
    const found = this.#isMine(id) ? this.#hub.session(id) : await this.#one(id, 'session', { id })
    return found ?? undefined
  }

  async endSession(id: string, how: { readonly reconnect: boolean }): Promise<boolean> {
    if (this.#isMine(id)) return this.#hub.endSession(id, how)
    return (await this.#one(id, 'end', { id, ...how })) ?? false
  }

  async ack(id: string, request: AckRequest): Promise<boolean> {
    if (this.#isMine(id)) return this.#hub.ack(id, request)
    return (await this.#one(id, 'ack', { id, request })) ?? false
  }

  async renew(id: string, request: RenewRequest): Promise<boolean> {
    if (this.#isMine(id)) return this.#hub.renew(id, request)
    return (await this.#one(id, 'renew', { id, request })) ?? false
  }

  async presence(topic: string): Promise<PresenceAnswer> {
    const gathered = await this.#all('presence', { topic })
    const members: readonly PresenceMember[] = mergePresence(gathered.answers)
    return { members, ...incomplete(gathered) }
  }

  topics(limit: number): Promise<readonly TopicRate[]> {
    return this.#first.ask('topics', { limit })
  }

  /** Its own, and that of the process with the store. */
  async readiness(): Promise<Readiness> {
    const [own, first] = await Promise.all([
      this.#hub.checkReady(),
      this.#first
        .ask('readiness', null)
        .catch((): Readiness => ({ ready: false, reasons: ['broker-timeout'] })),
    ])
    const reasons = [...new Set([...own.reasons, ...first.reasons])]
    return { ready: reasons.length === 0, reasons }
  }

  metrics(): Promise<string> {
    return this.#first.ask('metrics', null, GATHER_LIMIT_MS)
  }

  /** `null`: no session has this place. */
  async #placeOf(after: string): Promise<SessionPlace | null> {
    return parsePlace(after) ?? (await this.session(after)) ?? null
  }

  #isMine(id: string): boolean {
    return workerOfSession(id) === this.#number
  }

  async #one<Name extends keyof WorkerQuestions>(
    id: string,
    name: Name,
    body: WorkerQuestions[Name]['ask'],
  ): Promise<WorkerQuestions[Name]['answer'] | null> {
    const number = workerOfSession(id)
    if (number === undefined) return null
    const answer = await this.#first.ask('one', { number, name, body }, GATHER_LIMIT_MS)
    return answer as WorkerQuestions[Name]['answer'] | null
  }

  async #all<Name extends keyof WorkerQuestions>(
    name: Name,
    body: WorkerQuestions[Name]['ask'],
  ): Promise<Gathered<WorkerQuestions[Name]['answer']>> {
    const gathered = await this.#first.ask('all', { name, body }, GATHER_LIMIT_MS)
    return gathered as Gathered<WorkerQuestions[Name]['answer']>
  }
}

function incomplete({ silent }: Gathered): Incomplete {
  return silent.length === 0 ? {} : { silentWorkers: silent }
}
