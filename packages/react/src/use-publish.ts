import type { PublishEvent, PublishResult } from '@heartline/client'
import { useCallback } from 'react'
import { useSource } from './source.ts'

/**
 * A function that publishes through the provider's own stream, the same one with each rendering. It
 * opens no connection for reading. The provider's options need an `outbox`.
 *
 * @throws HeartlineError `HL_REACT_NO_SOURCE`
 */
export function usePublish(): (
  events: PublishEvent | readonly PublishEvent[],
) => Promise<readonly PublishResult[]> {
  const { pool, key } = useSource('usePublish', {})
  return useCallback((events) => pool.get(key).publish(events), [pool, key])
}
