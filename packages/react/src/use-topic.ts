import type { EventMap, StreamEvent } from '@heartline/client'
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { Reduction } from './reduction.ts'
import { useSource } from './source.ts'
import { useCurrent } from './use-current.ts'
import { useView, type ReadOptions, type StreamView, type UseStreamOptions } from './use-stream.ts'

/**
 * Reads one topic, or several as one stream. All components that ask for the same ones share one
 * connection; with `topicOf` on the provider, all topics do.
 *
 * @throws HeartlineError `HL_REACT_NO_SOURCE`, `HL_REACT_TOPIC_UNTOLD`, `HL_REACT_LIMIT_INVALID`
 */
export function useTopic<Events extends EventMap = EventMap>(
  topic: string | readonly string[],
  options: ReadOptions<Events> = {},
): StreamView<Events> {
  const view = useView('useTopic', options as unknown as UseStreamOptions, toTopics(topic))
  return view as StreamView<Events>
}

/**
 * Folds the events of a topic into one value, each event once, from when the component is shown. It
 * begins anew with another topic.
 *
 * @param reduce Pure, as for `useReducer`. What it throws goes to the provider's `onError`, and the
 *   value stays.
 * @throws HeartlineError `HL_REACT_NO_SOURCE`, `HL_REACT_TOPIC_UNTOLD`
 */
export function useTopicReducer<Value, Events extends EventMap = EventMap>(
  topic: string | readonly string[],
  reduce: (value: Value, event: StreamEvent<Events>) => Value,
  initial: Value,
): Value {
  const { pool, key, isOfTopic } = useSource('useTopicReducer', {}, toTopics(topic))
  const first = useCurrent(initial)
  const current = useCurrent(reduce)
  const reduction = useMemo(
    () => new Reduction<Value>(first.current),
    // oxlint-disable-next-line -- Another topic, another value.
    [pool, key, isOfTopic, first],
  )
  const subscribe = useCallback(
    (listener: () => void) =>
      pool.get(key).listen((event) => {
        if (isOfTopic?.(event) === false) return
        reduction.value = current.current(reduction.value, event as StreamEvent<Events>)
        listener()
      }),
    [pool, key, isOfTopic, reduction, current],
  )
  return useSyncExternalStore(
    subscribe,
    () => reduction.value,
    () => reduction.initial,
  )
}

function toTopics(topic: string | readonly string[]): readonly string[] {
  return typeof topic === 'string' ? [topic] : topic
}
