/** Who has to act for the error to go away. */
export type Fault = 'caller' | 'peer' | 'server'

/** One entry of a package's error catalogue. */
export interface ErrorEntry {
  /** Stable, upper case, starts with `HL_`. Never reused for another meaning. */
  readonly code: string
  /** What was given, what is allowed, what to do. `{name}` is filled from the details. */
  readonly message: string
  readonly fault: Fault
  /** True when the same call may succeed later without a change. */
  readonly retryable: boolean
  /** The HTTP status of the problem document that carries this error. */
  readonly status: number
}

export type ErrorCatalogue<Name extends string> = Readonly<Record<Name, ErrorEntry>>
export type ErrorDetails = Readonly<Record<string, string | number | boolean | undefined>>

const BRAND = Symbol.for('heartline.error')

/**
 * The one error class of all packages. Two copies of a package agree on it through a registered
 * symbol, so `error instanceof HeartlineError` holds across copies.
 */
export class HeartlineError extends Error {
  override readonly name = 'HeartlineError'
  declare readonly code: string
  declare readonly fault: Fault
  declare readonly retryable: boolean
  declare readonly status: number
  declare readonly details: ErrorDetails

  constructor(entry: ErrorEntry, details: ErrorDetails = {}, cause?: unknown) {
    const { message, ...fields } = entry
    super(fillTemplate(message, details), cause === undefined ? undefined : { cause })
    Object.assign(this, fields, { details })
  }

  static {
    Object.defineProperty(this.prototype, BRAND, { value: true })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value
  }
}

function fillTemplate(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => String(details[name] ?? whole))
}
