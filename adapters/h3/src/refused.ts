import type { HeartlineError } from '@heartline/wire'

/**
 * What h3 takes for an error of its own: it tells the client what it says, and does not log it as a
 * defect. Not made with the class of a copy of h3: Nitro brings its own, of either major.
 */
export class Refused extends Error {
  /** By which h3 1 knows it. */
  static readonly __h3_error__ = true
  /** By which h3 2 knows it. */
  override readonly name = 'HTTPError'
  readonly status: number
  /** To h3 1. */
  readonly statusCode: number
  readonly data: { readonly code: string }

  constructor(cause: HeartlineError) {
    super(cause.message, { cause })
    this.status = cause.status
    this.statusCode = cause.status
    this.data = { code: cause.code }
  }

  toJSON(): object {
    const { status, message, data } = this
    return { status, message, data }
  }
}
