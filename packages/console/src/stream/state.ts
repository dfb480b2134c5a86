import type { Problem } from '../hub/problem.ts'

/** Where the stream is. Times are Unix milliseconds. */
export type StreamState =
  | { readonly name: 'connecting' }
  | { readonly name: 'live'; readonly since: number }
  | { readonly name: 'waiting'; readonly until: number; readonly reason: string }
  /** The hub said no; only a new selector or token can help. */
  | { readonly name: 'refused'; readonly problem: Problem }

/** An event as it came in. */
export interface ReceivedEvent {
  readonly type: string
  readonly data: string
  /** `''` for values of a snapshot, which have no place of their own. */
  readonly cursor: string
  /** Unix milliseconds. */
  readonly receivedAt: number
}

/** What the hub says about the stream itself. */
export interface ControlEvent {
  /** `gap`, `cursor`, `drain`, `expired`. */
  readonly name: string
  readonly data: Readonly<Record<string, unknown>>
  readonly cursor: string
}

/** Told what happens on a stream, in order. */
export interface StreamObserver {
  onState(state: StreamState): void
  onEvent(event: ReceivedEvent): void
  onControl(control: ControlEvent): void
  onHeartbeat(): void
}
