/** `Session.joinBatch` answers a descriptor, or one of these. */

/** The session has to be written to through `writeFramed`. */
export const NO_BATCH = -1
/** The batch has bytes for the session already: it has to be sent before more is written. */
export const IN_BATCH = -2

/** What a batch asks of a session. */
export interface BatchMember {
  readonly isBlocked: boolean
  joinBatch(batch: number): number
  writeFramed(bytes: Uint8Array): boolean
  close(reason: 'error', options: { readonly graceMs: number; readonly error: unknown }): void
}

/** Gathers writes to many sessions, to send them together. */
export interface WriteBatch {
  /** Writes now or with the batch. False when the session turned out to be blocked. */
  write(session: BatchMember, bytes: Uint8Array): boolean
  /** Sends what was gathered. */
  flush(): void
}
