export type { BatchSender } from './batch-writer.ts'
export type { DrainHubOptions } from './drain.ts'
export { hubErrors, type HubErrorName } from './errors.ts'
export { checkPublishId } from './event.ts'
export type { Gap, GapReason } from './frame.ts'
export { createFetchHandler, createNodeHandler, type HandlerOptions } from './handler.ts'
export { createHub, type Hub } from './hub.ts'
export type { OpenExtra, OpenResponseExtra, OpenSocketExtra } from './open-extra.ts'
export type { HubStats } from './hub-stats.ts'
export {
  HUB_DEFAULTS,
  type HubOptions,
  type NamespaceOptions,
  type SessionEndReport,
  type SlowPolicy,
} from './options.ts'
export { LogFollower, type FollowerListener } from './log-follower.ts'
export { PROBLEM_TYPE, toProblem, type Problem } from './problem.ts'
export type { PreparedEvents } from './prepared.ts'
export type { PublishEvent, PublishResult } from '@heartline/wire'
export type { Readiness } from './readiness.ts'
export { checkSelector, rightsCover, selectorCovers, selectorMatches } from './selector.ts'
export type { Subscription } from './subscriber.ts'
export type {
  AckRequest,
  HistoryEvent,
  HistoryPage,
  HistoryRequest,
  PresenceMember,
  RenewRequest,
  SessionInfo,
  SubscribeRequest,
} from './subscription.ts'
export type { TopicRate } from './topic-stats.ts'
export { comparePlaces, type SessionPlace } from './session-place.ts'
export { checkTopic } from './topic.ts'
export type { Admission } from './url-request.ts'
