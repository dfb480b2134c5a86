export { installedEngine, type Engine, type SubscribeResult } from './engine.ts'
export { graphqlErrors, type GraphqlErrorName } from './errors.ts'
export { createHandler, type Handler, type HandlerExtra } from './handler.ts'
export type { Operation, OperationEnd, OperationMode, SourceGap } from './operation.ts'
export type { HandlerOptions, SingleConnectionOptions, StreamOptions } from './options.ts'
export type { OperationParams, RequestParams } from './params.ts'
export type { HandlerStats } from './stats.ts'
export {
  topicEvents,
  type TopicAdmission,
  type TopicHub,
  type TopicRequest,
} from './topic-events.ts'
export type { TopicEvent } from './topic-feed.ts'
