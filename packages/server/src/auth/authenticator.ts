import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import { ANONYMOUS_GRANT, DEVELOPMENT_GRANT, type Grant } from './grant.ts'
import type { Tickets } from './ticket-store.ts'
import type { TokenVerifier } from './token-verifier.ts'

/** The parts of a request that say who it comes from. */
export interface Credentials {
  /** The `Authorization` header. */
  readonly authorization: string | undefined
  readonly query: URLSearchParams
}

/** Finds out what a request may do. */
export class Authenticator {
  readonly #verifier: TokenVerifier | undefined
  readonly #tickets: Tickets
  readonly #anonymous: boolean

  /** Without a verifier (no key) everything is allowed. */
  constructor(verifier: TokenVerifier | undefined, tickets: Tickets, anonymous: boolean) {
    this.#verifier = verifier
    this.#tickets = tickets
    this.#anonymous = anonymous
  }

  /** True when no key is configured. */
  get isDevelopment(): boolean {
    return this.#verifier === undefined
  }

  /** Rejects with `HL_AUTH_REQUIRED`, `HL_TOKEN_*`, `HL_CLAIM_*`. */
  async authenticate(credentials: Credentials): Promise<Grant> {
    return this.grantFor(credentials)
  }

  /**
   * The same, answered at once unless a signature must be checked. Throws or rejects like
   * `authenticate`.
   */
  grantFor(credentials: Credentials): Grant | Promise<Grant> {
    refuseTokenInQuery(credentials.query)
    if (this.#verifier === undefined) return DEVELOPMENT_GRANT
    const { authorization } = credentials
    if (authorization !== undefined) {
      const token = bearerToken(authorization)
      return this.#verifier.known(token) ?? this.#verifier.verify(token)
    }
    if (this.#anonymous) return ANONYMOUS_GRANT
    throw new HeartlineError(serverErrors.authRequired)
  }

  /** The same for streams, which may bring `?ticket=` instead of a token. */
  async authenticateReader(credentials: Credentials): Promise<Grant> {
    const ticket = credentials.query.get('ticket')
    const hasToken = credentials.authorization !== undefined
    if (ticket === null || hasToken || this.#verifier === undefined) {
      return this.authenticate(credentials)
    }
    refuseTokenInQuery(credentials.query)
    return this.#tickets.redeem(ticket)
  }

  /** Checks a token that came in a body. Rejects like `authenticate`. */
  async verify(token: string): Promise<Grant> {
    return this.#verifier === undefined ? DEVELOPMENT_GRANT : this.#verifier.verify(token)
  }
}

function refuseTokenInQuery(query: URLSearchParams): void {
  if (query.has('access_token') || query.has('authorization') || query.has('token')) {
    throw new HeartlineError(serverErrors.tokenInQuery)
  }
}

function bearerToken(authorization: string): string {
  const [, token] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
  if (token === undefined) throw new HeartlineError(serverErrors.tokenMalformed)
  return token
}
