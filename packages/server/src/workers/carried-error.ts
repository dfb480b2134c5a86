import { HeartlineError, type ErrorDetails, type Fault } from '@heartline/wire'
import { hubErrors } from '@heartline/hub'

/** An error on its way to another process. */
export interface CarriedError {
  readonly code: string
  readonly message: string
  readonly fault: Fault
  readonly retryable: boolean
  readonly status: number
  readonly details: ErrorDetails
}

/** What is no error of a catalogue becomes an internal one: the process that failed logs it. */
export function carryError(error: unknown): CarriedError {
  const known = error instanceof HeartlineError ? error : new HeartlineError(hubErrors.internal)
  const { code, message, fault, retryable, status, details } = known
  return { code, message, fault, retryable, status, details }
}

/** The error as it was thrown, to be thrown again. */
export function reviveError({ details, ...entry }: CarriedError): HeartlineError {
  return new HeartlineError(entry, details)
}
