import type { Client, ConnectionState } from '@heartline/client'
import { useCallback, useSyncExternalStore } from 'react'
import { idleState } from './idle.ts'
import { useSource, type Source } from './source.ts'

/** Whose state. Default: that of the provider's own stream. */
export interface ConnectionStateOptions {
  readonly client?: Client | undefined
  /** That of the stream of these topics. */
  readonly topic?: string | readonly string[] | undefined
}

/**
 * Where the connection is, without opening it: `idle` until a component reads.
 *
 * @throws HeartlineError `HL_REACT_NO_SOURCE`
 */
export function useConnectionState(options: ConnectionStateOptions = {}): ConnectionState {
  const { client, topic = [] } = options
  const topics = typeof topic === 'string' ? [topic] : topic
  return useStateOf(useSource('useConnectionState', { client }, topics))
}

/** The state of the stream of a source. */
export function useStateOf({ pool, key }: Source): ConnectionState {
  const subscribe = useCallback(
    (listener: () => void) => pool.get(key).watchState(listener),
    [pool, key],
  )
  return useSyncExternalStore(subscribe, () => pool.find(key)?.state ?? idleState(), idleState)
}
