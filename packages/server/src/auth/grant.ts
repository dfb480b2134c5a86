/** What a request may do. */
export interface Grant {
  /** `sub` of the token. Undefined: it names nobody. */
  readonly subject: string | undefined
  /** Selectors that may be published to. Undefined = everything (no key configured). */
  readonly publish: readonly string[] | undefined
  /** Selectors that may be read. Undefined = everything. */
  readonly subscribe: readonly string[] | undefined
  /** Selectors whose presence may be asked for. Undefined = everything. */
  readonly presence: readonly string[] | undefined
  /** May list and end sessions. */
  readonly admin: boolean
  /** True when public events may be read beyond `subscribe`. */
  readonly anonymous: boolean
  /** Unix milliseconds. */
  readonly expiresAtMs: number | undefined
}

/** Everything: the hub has no key and serves only this machine. */
export const DEVELOPMENT_GRANT: Grant = Object.freeze({
  subject: undefined,
  publish: undefined,
  subscribe: undefined,
  presence: undefined,
  admin: true,
  anonymous: false,
  expiresAtMs: undefined,
})

/** Public events only. */
export const ANONYMOUS_GRANT: Grant = Object.freeze({
  subject: undefined,
  publish: [],
  subscribe: [],
  presence: [],
  admin: false,
  anonymous: true,
  expiresAtMs: undefined,
})
