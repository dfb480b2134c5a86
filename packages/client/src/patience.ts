/** When to give up. All in milliseconds; 0 = never. */
export interface Patience {
  /** From the start of a request to its answer. Default 20,000. */
  readonly connectMs: number
  /**
   * From the answer to the first byte of its body. Default 10,000 for servers that advertise
   * heartbeats: those send their first bytes at once. Without: never.
   */
  readonly firstByteMs: number | undefined
  /** Silence when the server advertises no heartbeat. Default 0. */
  readonly silentMs: number
  /** Silence in advertised heartbeat intervals. Default 2.5. */
  readonly silentHeartbeats: number
}

export const PATIENCE_DEFAULTS: Patience = {
  connectMs: 20_000,
  firstByteMs: undefined,
  silentMs: 0,
  silentHeartbeats: 2.5,
}
