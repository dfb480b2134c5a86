import type {
  AckRequest,
  Hub,
  Readiness,
  RenewRequest,
  SessionInfo,
  TopicRate,
} from '@heartline/hub'
import type { Metrics } from '../metrics/metrics.ts'
import type { Peers, PresenceAnswer, SessionPage, SessionPageRequest } from './peers.ts'

/** One process that is alone: everything is in its hub. */
export class LocalPeers implements Peers {
  readonly #hub: Hub
  readonly #metrics: Metrics

  constructor(hub: Hub, metrics: Metrics) {
    this.#hub = hub
    this.#metrics = metrics
  }

  async sessions({ after, limit }: SessionPageRequest): Promise<SessionPage> {
    const found = this.#hub.sessions({
      limit: limit + 1,
      ...(after === undefined ? {} : { after }),
    })
    const sessions = found.slice(0, limit)
    const next = found.length > limit ? sessions.at(-1)?.id : undefined
    return { sessions, ...(next === undefined ? {} : { next }) }
  }

  async session(id: string): Promise<SessionInfo | undefined> {
    return this.#hub.session(id)
  }

  async endSession(id: string, how: { readonly reconnect: boolean }): Promise<boolean> {
    return this.#hub.endSession(id, how)
  }

  async ack(id: string, request: AckRequest): Promise<boolean> {
    return this.#hub.ack(id, request)
  }

  async renew(id: string, request: RenewRequest): Promise<boolean> {
    return this.#hub.renew(id, request)
  }

  async presence(topic: string): Promise<PresenceAnswer> {
    return { members: this.#hub.presence(topic) }
  }

  async topics(limit: number): Promise<readonly TopicRate[]> {
    return this.#hub.topics(limit)
  }

  readiness(): Promise<Readiness> {
    return this.#hub.checkReady()
  }

  metrics(): Promise<string> {
    return this.#metrics.text()
  }
}
