import type { Session } from '@heartline/session/fetch'
import type { Operation } from './operation.ts'
import { TopicFeed, type TopicEvent } from './topic-feed.ts'

/** The part of a hub that a source of events uses. `createHub` of `@heartline/hub` makes one. */
export interface TopicHub<Subscription> {
  admit(request: TopicAdmission): Subscription
  attach(session: Session, subscription: Subscription): void
}

/** What a hub is asked for. */
export interface TopicAdmission {
  readonly selectors: readonly string[]
  readonly subscriber?: string | undefined
  readonly rights?: readonly string[] | undefined
  readonly anonymous?: boolean | undefined
  readonly expiresAtMs?: number | undefined
  readonly lastEventId?: string | undefined
  readonly since?: string | undefined
}

/** Which events a subscription is fed from. */
export interface TopicRequest extends TopicAdmission {
  /**
   * The operation whose source this is. Its results carry the cursors of their events, and where it
   * says where a broken stream goes on, that is where the source begins. The source ends with it.
   */
  readonly operation?: Operation | undefined
}

/**
 * Events of a hub as the source of a subscription, from now on or from a cursor on, without a gap:
 * `subscribe: (_, args, { hub, operation }) => topicEvents(hub, { selectors: ['prices/*'], operation })`.
 *
 * It costs the hub what a reader costs: a place in a shared log, and no queue. Hand it to GraphQL as
 * it is: what reads ahead of the results would put the wrong cursors on them.
 *
 * @throws HeartlineError what the hub refuses, such as `HL_SELECTOR_FORBIDDEN`, `HL_CURSOR_INVALID`
 */
export function topicEvents<Subscription>(
  hub: TopicHub<Subscription>,
  request: TopicRequest,
): AsyncIterableIterator<TopicEvent> {
  const { operation, ...asked } = request
  const lastEventId = asked.lastEventId ?? operation?.lastEventId
  const subscription = hub.admit({ ...asked, lastEventId })
  const feed = new TopicFeed(operation)
  hub.attach(feed.session, subscription)
  if (operation !== undefined) closeWith(operation.signal, feed)
  return feed
}

/** Also when a generator around it waits for its next event: such a one cannot be told to stop. */
function closeWith(signal: AbortSignal, feed: TopicFeed): void {
  const close = (): void => void feed.return()
  if (signal.aborted) close()
  else signal.addEventListener('abort', close, { once: true })
}
