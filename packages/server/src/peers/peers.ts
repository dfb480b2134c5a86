import type {
  AckRequest,
  PresenceMember,
  Readiness,
  RenewRequest,
  SessionInfo,
  TopicRate,
} from '@heartline/hub'

/** Says which workers an answer does without. */
export interface Incomplete {
  /** Numbers of the workers that did not answer in time. Missing when all did. */
  readonly silentWorkers?: readonly number[] | undefined
}

/** A page of the session list. */
export interface SessionPage extends Incomplete {
  readonly sessions: readonly SessionInfo[]
  /** Pass as `after` to go on. Missing on the last page. */
  readonly next?: string | undefined
}

/** Who is on a topic. */
export interface PresenceAnswer extends Incomplete {
  readonly members: readonly PresenceMember[]
}

/** Which page of the session list is asked for. */
export interface SessionPageRequest {
  /** A session's id, or the `next` of the page before. Default: from the first session on. */
  readonly after?: string | undefined
  readonly limit: number
}

/**
 * All processes that serve one address, as one. Routes ask nothing else for what is not on the
 * stream itself, so that a request may land on any of them. In a single process it is its hub.
 *
 * What cannot be told because a process does not answer is `HL_WORKER_SILENT`.
 */
export interface Peers {
  /** The open sessions in the order of their opening. */
  sessions(page: SessionPageRequest): Promise<SessionPage>
  session(id: string): Promise<SessionInfo | undefined>
  /** False when there is no such session. */
  endSession(id: string, how: { readonly reconnect: boolean }): Promise<boolean>
  /** False when there is no such session. Rejects with `HL_CURSOR_INVALID`. */
  ack(id: string, request: AckRequest): Promise<boolean>
  /** False when there is no such session. Rejects with `HL_SELECTOR_FORBIDDEN`. */
  renew(id: string, request: RenewRequest): Promise<boolean>
  /** Rejects with `HL_TOPIC_INVALID`, `HL_PRESENCE_DISABLED`. */
  presence(topic: string): Promise<PresenceAnswer>
  topics(limit: number): Promise<readonly TopicRate[]>
  /** Whether an event published now would reach a reader of this process. */
  readiness(): Promise<Readiness>
  /** The Prometheus text format. */
  metrics(): Promise<string>
}
