import { randomSessionId, type SessionOptions } from '@heartline/session'
import type { Engine } from './engine.ts'
import type { OpenExtra } from './open-extra.ts'
import type { ResolvedHubOptions } from './options.ts'
import type { Subscription } from './subscriber.ts'

/** Said to who asked for topics: a server that knows nothing of it says nothing. */
const TOLD = { 'heartline-tell': 'topics' }

/** How the sessions of a hub are opened. */
export class SessionTerms {
  readonly #options: ResolvedHubOptions
  readonly #batch: SessionOptions['batch']
  /** One for all sessions. */
  readonly #onHeartbeat: () => void

  constructor(options: ResolvedHubOptions, { fanOut, counters }: Engine) {
    this.#options = options
    this.#batch = fanOut.writer
    this.#onHeartbeat = () => void counters.heartbeats++
  }

  of(subscription: Subscription, extra: OpenExtra): SessionOptions {
    const { heartbeatKind, retryMs, maxBlockedMs, maxAgeMs, sessionIdPrefix } = this.#options
    const { heartbeatMs, expiresAtMs, tellsTopics } = subscription
    return {
      heartbeatMs,
      heartbeatKind,
      onHeartbeat: this.#onHeartbeat,
      id: sessionIdPrefix + randomSessionId(),
      batch: this.#batch,
      retryMs,
      maxBlockedMs,
      maxAgeMs,
      expiresAtMs,
      headers: tellsTopics === true ? { ...extra.headers, ...TOLD } : extra.headers,
      monitor: extra.monitor,
    }
  }
}
