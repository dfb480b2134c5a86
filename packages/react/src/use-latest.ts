import type { Client } from '@heartline/client'
import { useCallback, useSyncExternalStore } from 'react'
import { useSource } from './source.ts'

/** Which last value. */
export interface LatestOptions<Data = unknown> {
  /** The key that `keyOf` gives the event. Default `''`, that of events without one. */
  readonly key?: string | undefined
  /** Until there is one; what a server renders. */
  readonly initial?: Data | undefined
  /** Of the stream of these topics. Default: the provider's own. */
  readonly topic?: string | readonly string[] | undefined
  /** A client of yours. It keeps values in memory from the first such hook on. */
  readonly client?: Client | undefined
}

const NONE: () => undefined = () => undefined

/**
 * The data of the last event of a type, or of each of its keys. With a cache among the options of the
 * provider, it is there after a reload without a network. Without one it is that of the events since
 * the first such hook of the stream was shown, at most 1,000 keys and 1 MiB.
 *
 * @throws HeartlineError `HL_REACT_NO_SOURCE`, `HL_REACT_TOPIC_UNTOLD`
 */
export function useLatest<Data = unknown>(
  type: string,
  options: LatestOptions<Data> = {},
): Data | undefined {
  const { key = '', initial, topic = [], client } = options
  const topics = typeof topic === 'string' ? [topic] : topic
  const { pool, key: streamKey } = useSource('useLatest', { client }, topics)
  const subscribe = useCallback(
    (listener: () => void) => pool.get(streamKey).watchLatest(type, key, listener),
    [pool, streamKey, type, key],
  )
  const event = useSyncExternalStore(subscribe, () => pool.find(streamKey)?.latest(type, key), NONE)
  return event === undefined ? initial : (event.data as Data)
}
