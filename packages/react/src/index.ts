'use client'

export { reactErrors, type ReactErrorName } from './errors.ts'
export { HeartlineProvider, type HeartlineProviderProps } from './provider.ts'
export type { Topics } from './topic-options.ts'
export { typedHooks, type TypedHooks } from './typed-hooks.ts'
export { useConnectionState, type ConnectionStateOptions } from './use-connection-state.ts'
export { useLatest, type LatestOptions } from './use-latest.ts'
export { usePublish } from './use-publish.ts'
export {
  useStream,
  type ReadOptions,
  type StreamView,
  type UseStreamOptions,
} from './use-stream.ts'
export { useTopic, useTopicReducer } from './use-topic.ts'
