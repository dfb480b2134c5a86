import type { Gap } from './frame.ts'

/** What a reader asks for, and what it may have. */
export interface SubscribeRequest {
  /** At least one selector: exact topic, `a/*` (one level), `a/**` (one or more levels). */
  readonly selectors: readonly string[]
  /** Who the reader is, for presence and the session list. Default: the session's id. */
  readonly subscriber?: string | undefined
  /**
   * Selectors the reader's token allows. Undefined = everything (no key configured). A selector
   * that these do not cover is refused with `HL_SELECTOR_FORBIDDEN`, unless `anonymous`.
   */
  readonly rights?: readonly string[] | undefined
  /** True when public events may be read without a right to their topic. Default false. */
  readonly anonymous?: boolean | undefined
  /** When the token ends, in Unix milliseconds. The stream ends no later. */
  readonly expiresAtMs?: number | undefined
  /** The `Last-Event-ID` header or `?lastEventId=`. Wins over `since`. */
  readonly lastEventId?: string | undefined
  /** `earliest`, `latest` or a cursor. Default `latest`. */
  readonly since?: string | undefined
  /**
   * `?silence=`: whole seconds, 1 to 86,400, without a byte after which the reader's last stream
   * died. It is sent heartbeats more often then. Default: it did not.
   */
  readonly silence?: string | undefined
  /**
   * `?tell=`: `topics` puts the topics of each event before it, those that the selectors match.
   * Default: they are not told.
   */
  readonly tell?: string | undefined
}

/** A question about history. */
export interface HistoryRequest {
  readonly selectors: readonly string[]
  /** As for `SubscribeRequest`. */
  readonly rights?: readonly string[] | undefined
  /** As for `SubscribeRequest`. */
  readonly anonymous?: boolean | undefined
  /** A cursor (exclusive), or `earliest`. Default `earliest`. */
  readonly after?: string | undefined
  /** 1 to 1,000. Default 100. */
  readonly limit?: number | undefined
}

/** An event as history tells it. */
export interface HistoryEvent {
  readonly id: string
  readonly topics: readonly string[]
  readonly data: string
  readonly type?: string
  readonly key?: string
  readonly private?: boolean
  /** Unix milliseconds of the append. */
  readonly at: number
}

/** A page of history. */
export interface HistoryPage {
  /** Where `after` is no longer, or not, a place in this log: what may be missing before `events`. */
  readonly gap?: Gap
  readonly events: readonly HistoryEvent[]
  /** Pass as `after` to go on. Also moves past events that did not match. */
  readonly next: string
  /** True when `next` is the newest position. */
  readonly done: boolean
}

/** One subscriber who is on a topic. */
export interface PresenceMember {
  readonly subscriber: string
  /** Open sessions of this subscriber on the topic. */
  readonly sessions: number
  /** Unix milliseconds of the first of them. */
  readonly since: number
}

/** One row of the session list. */
export interface SessionInfo {
  readonly id: string
  readonly subscriber: string
  readonly selectors: readonly string[]
  readonly protocol: string
  readonly remoteAddress: string | undefined
  /** Unix milliseconds. */
  readonly openedAt: number
  readonly state: 'replaying' | 'live' | 'blocked'
  /** Bytes of the shared log it has not been sent yet (0 while replaying from history). */
  readonly lagBytes: number
  /** The newest cursor sent to it. */
  readonly cursor: string
  /** The newest cursor the reader acknowledged. */
  readonly ackedCursor?: string
  readonly rttMs?: number
  /** Unix milliseconds. */
  readonly expiresAtMs?: number
}

/** A two-way heartbeat: what the reader has processed, and how long a round trip takes. */
export interface AckRequest {
  /** The id of the newest event it has processed. */
  readonly cursor?: string | undefined
  /** Milliseconds. */
  readonly rttMs?: number | undefined
}

/** What the new token of a session allows, and until when. */
export interface RenewRequest {
  readonly rights?: readonly string[] | undefined
  readonly expiresAtMs?: number | undefined
}
