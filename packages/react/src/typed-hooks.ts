import type { EventMap, StreamEvent } from '@heartline/client'
import type { ReactElement } from 'react'
import { HeartlineProvider, type HeartlineProviderProps } from './provider.ts'
import { useLatest, type LatestOptions } from './use-latest.ts'
import {
  useStream,
  type ReadOptions,
  type StreamView,
  type UseStreamOptions,
} from './use-stream.ts'
import { useTopic, useTopicReducer } from './use-topic.ts'

/** The hooks, for one map of events. */
export interface TypedHooks<Events extends EventMap> {
  readonly HeartlineProvider: (props: HeartlineProviderProps<Events>) => ReactElement
  readonly useStream: (options?: UseStreamOptions<Events>) => StreamView<Events>
  readonly useTopic: (
    topic: string | readonly string[],
    options?: ReadOptions<Events>,
  ) => StreamView<Events>
  readonly useTopicReducer: <Value>(
    topic: string | readonly string[],
    reduce: (value: Value, event: StreamEvent<Events>) => Value,
    initial: Value,
  ) => Value
  readonly useLatest: <Type extends keyof Events & string>(
    type: Type,
    options?: LatestOptions<Events[Type]>,
  ) => Events[Type] | undefined
}

/**
 * The same hooks, which know the events: `export const { useStream, useLatest } =
 * typedHooks<Events>()`. It costs nothing when it runs.
 */
export function typedHooks<Events extends EventMap>(): TypedHooks<Events> {
  return {
    HeartlineProvider,
    useStream,
    useTopic,
    useTopicReducer,
    useLatest,
  } as unknown as TypedHooks<Events>
}
