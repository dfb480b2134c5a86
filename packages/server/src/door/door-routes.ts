import type { Socket } from 'node:net'
import type { Subscription } from '@heartline/hub'
import type { ConnectionKeeper } from '@heartline/session'
import type { Grant } from '../auth/grant.ts'
import type { DoorAnswer } from './answer.ts'
import type { DoorRequest } from './door-request.ts'

/**
 * What the door does with a request that it has read. The door only ever succeeds: whatever is
 * thrown before something was stored or sent lets node:http read the same bytes again and give the
 * refusal, so that none is written twice.
 */
export interface DoorRoutes {
  /** Who asks. Throws or rejects what refuses the request. */
  authenticate(request: DoorRequest): Grant | Promise<Grant>
  /** Throws what refuses the reader. */
  admit(request: DoorRequest, grant: Grant): Subscription
  /**
   * Opens the stream. The connection is the stream's own until `onFree` gives it back. Does not
   * throw: it is too late to hand over then.
   */
  open(opening: StreamOpening): void
  /**
   * Begins to store what a body holds. Throws what refuses it; once it was handed to the log the
   * promise tells how it went, and never rejects.
   */
  publish(request: DoorRequest, grant: Grant, body: Buffer): Promise<DoorAnswer>
  /** Told of a request that node:http reads instead. */
  handedOver(): void
}

/** One stream that can be opened. */
export interface StreamOpening {
  readonly request: DoorRequest
  readonly subscription: Subscription
  readonly socket: Socket
  readonly onFree: (socket: Socket) => void
  /** Told when the stream does without the socket, and when there is one again. */
  readonly keeper: ConnectionKeeper
}
