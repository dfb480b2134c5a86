import type { PublishEvent, PublishResult } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { publishStatus } from './publish-status.ts'

/** What one JSON body asks to be stored: one event, or a list that is stored all or none. */
export class Publication {
  readonly events: readonly PublishEvent[]
  readonly #isList: boolean

  /**
   * @param key The `Idempotency-Key` of the request.
   * @throws HeartlineError `HL_IDEMPOTENCY_KEY`
   */
  constructor(body: unknown, key: string | undefined) {
    this.#isList = Array.isArray(body)
    if (this.#isList && key !== undefined) {
      throw refuseKey('it names one event, give each of the list a publishId')
    }
    const events = this.#isList ? body : [withKey(body as PublishEvent, key)]
    this.events = events as readonly PublishEvent[]
  }

  /** The answer once it is stored. */
  answer(results: readonly PublishResult[]): { readonly status: number; readonly body: unknown } {
    return { status: publishStatus(results), body: this.#isList ? results : results[0] }
  }

  /** The refusal as its publisher is told it: a single event has no index that would help. */
  refusal(error: unknown): unknown {
    if (this.#isList || !(error instanceof HeartlineError)) return error
    const { index: _, ...details } = error.details
    return new HeartlineError(error, details, error.cause)
  }
}

function withKey(event: PublishEvent, key: string | undefined): PublishEvent {
  if (key === undefined || typeof event !== 'object' || event === null) return event
  if (event.publishId !== undefined && event.publishId !== key) {
    throw refuseKey('the event has another publishId')
  }
  return { ...event, publishId: key }
}

/** The error for an `Idempotency-Key` that does not fit. */
export function refuseKey(reason: string): HeartlineError {
  return new HeartlineError(serverErrors.idempotencyKey, { reason })
}
