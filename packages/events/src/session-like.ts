import type { EventFields } from '@heartline/wire'

/** What became of an event, as sessions say it. */
export type SendResult = 'written' | 'waiting' | 'over'

/** The part of a session of `@heartline/session` that is used. */
export interface SessionLike {
  readonly id: string
  readonly isOpen: boolean
  readonly signal: AbortSignal
  readonly closed: Promise<unknown>
  send(event: EventFields): SendResult
  comment(text: string): SendResult
  ready(): Promise<boolean>
  stream(source: AsyncIterable<EventFields>, ...rest: never[]): Promise<unknown>
  close(...args: never[]): void
  drain(...args: never[]): void
  onCleanup(...args: never[]): () => void
}
