import type { SessionEnd } from './end-reason.ts'

/** Told about streams. */
export interface Observer<Stream> {
  /** The reader took all that waited, the session's own queue included: it may be written to. */
  onWritable(session: Stream): void
  /** The session is over. Exactly once; in a microtask when it was over before it was observed. */
  onEnd(session: Stream, end: SessionEnd): void
}
