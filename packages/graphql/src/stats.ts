/** What a handler holds now. */
export interface HandlerStats {
  /** Open streams of both modes. */
  readonly streams: number
  /** Operations that run on shared streams. */
  readonly operations: number
  /** Operations that wait for their stream to be opened. */
  readonly waiting: number
  /** Bytes of those. */
  readonly waitingBytes: number
  /** Questions to other processes without an answer yet. */
  readonly questions: number
  readonly cachedDocuments: number
}

/** The part of single connection mode. */
export type SingleStats = Pick<
  HandlerStats,
  'operations' | 'waiting' | 'waitingBytes' | 'questions'
>
