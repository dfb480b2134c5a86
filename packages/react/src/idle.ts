import type { ConnectionState } from '@heartline/client'

const IDLE: ConnectionState = {
  name: 'idle',
  since: 0,
  attempt: 0,
  endpoint: 0,
  nextRetryAt: undefined,
  lastError: undefined,
}

/** The state before there is a connection, and on the server: always the same object. */
export function idleState(): ConnectionState {
  return IDLE
}
