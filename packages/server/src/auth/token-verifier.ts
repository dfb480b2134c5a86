import { HeartlineError } from '@heartline/wire'
import {
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyOptions,
  type ProtectedHeaderParameters,
} from 'jose'
import type { AuthSettings, TokenAlgorithm } from '../config/config.ts'
import { serverErrors } from '../errors.ts'
import { toGrant } from './claims.ts'
import type { Grant } from './grant.ts'
import { GrantCache } from './grant-cache.ts'
import type { KeyRing, KeySource } from './key-ring.ts'

/** Bounds what a request can make the hub parse; tokens of browsers fit in cookies of 4 KiB. */
const MAX_TOKEN_LENGTH = 8192

/** Checks tokens and says what they allow. */
export class TokenVerifier {
  readonly #ring: KeyRing
  readonly #settings: AuthSettings
  readonly #now: () => number
  readonly #allowed: readonly TokenAlgorithm[]
  readonly #cache: GrantCache

  constructor(ring: KeyRing, settings: AuthSettings, now: () => number) {
    this.#ring = ring
    this.#settings = settings
    this.#now = now
    this.#cache = new GrantCache(now)
    const possible = new Set(ring.sources.flatMap((source) => source.algorithms))
    const chosen = settings.algorithms
    this.#allowed = chosen.length === 0 ? [...possible] : chosen.filter((it) => possible.has(it))
  }

  /** Rejects with `HL_TOKEN_*`, `HL_CLAIM_*`, `HL_JWKS_UNAVAILABLE`. */
  async verify(token: string): Promise<Grant> {
    const known = this.known(token)
    if (known !== undefined) return known
    const grant = await this.#check(token)
    this.#cache.keep(token, grant)
    return grant
  }

  /** What a token allows that was checked a short while ago. */
  known(token: string): Grant | undefined {
    return this.#cache.find(token)
  }

  async #check(token: string): Promise<Grant> {
    const header = readHeader(token)
    const algorithm = header.alg ?? 'none'
    // Before any key is looked at: `none`, and a public key used as an HMAC secret, end here.
    if (!isOneOf(this.#allowed, algorithm)) throw this.#algorithmRefused(algorithm)
    const sources = this.#ring.sources.filter((source) => source.algorithms.includes(algorithm))
    const grant = toGrant(await this.#firstMatch(token, sources, header), this.#settings.anonymous)
    return { ...grant, expiresAtMs: this.#endOf(grant) }
  }

  /** A token that is only valid thanks to the tolerance lives until the tolerance ends. */
  #endOf({ expiresAtMs }: Grant): number | undefined {
    if (expiresAtMs === undefined || expiresAtMs > this.#now()) return expiresAtMs
    return expiresAtMs + this.#settings.clockTolerance
  }

  async #firstMatch(
    token: string,
    sources: readonly KeySource[],
    header: ProtectedHeaderParameters,
  ): Promise<JWTPayload> {
    let problem: HeartlineError | undefined
    for (const source of sources) {
      try {
        return (await jwtVerify(token, source.find, this.#options())).payload
      } catch (cause) {
        const error = toTokenError(cause, header)
        // A key that fits settles it; only "not this key" lets the next source try.
        if (!isKeyMismatch(error)) throw error
        problem = problem?.code === serverErrors.tokenSignature.code ? problem : error
      }
    }
    throw problem ?? this.#algorithmRefused(header.alg ?? 'none')
  }

  #options(): JWTVerifyOptions {
    const { issuer, audience, clockTolerance } = this.#settings
    return {
      algorithms: [...this.#allowed],
      clockTolerance: clockTolerance / 1000,
      currentDate: new Date(this.#now()),
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    }
  }

  #algorithmRefused(algorithm: string): HeartlineError {
    const allowed = this.#allowed.join(', ')
    return new HeartlineError(serverErrors.tokenAlgorithm, {
      algorithm: algorithm.slice(0, 32),
      allowed,
    })
  }
}

function readHeader(token: string): ProtectedHeaderParameters {
  if (token.length > MAX_TOKEN_LENGTH) throw new HeartlineError(serverErrors.tokenMalformed)
  try {
    return decodeProtectedHeader(token)
  } catch (cause) {
    throw new HeartlineError(serverErrors.tokenMalformed, {}, cause)
  }
}

function isOneOf(list: readonly TokenAlgorithm[], value: string): value is TokenAlgorithm {
  return (list as readonly string[]).includes(value)
}

function isKeyMismatch(error: HeartlineError): boolean {
  const { tokenKeyUnknown, tokenSignature } = serverErrors
  return error.code === tokenKeyUnknown.code || error.code === tokenSignature.code
}

function toTokenError(cause: unknown, header: ProtectedHeaderParameters): HeartlineError {
  if (cause instanceof errors.JWTExpired) return new HeartlineError(serverErrors.tokenExpired)
  if (cause instanceof errors.JWTClaimValidationFailed) return toClaimError(cause)
  if (cause instanceof errors.JWSSignatureVerificationFailed) {
    return new HeartlineError(serverErrors.tokenSignature)
  }
  if (
    cause instanceof errors.JWKSNoMatchingKey ||
    cause instanceof errors.JWKSMultipleMatchingKeys
  ) {
    const kid = String(header.kid ?? '').slice(0, 64)
    return new HeartlineError(serverErrors.tokenKeyUnknown, { kid, algorithm: header.alg })
  }
  const isForm = cause instanceof errors.JWSInvalid || cause instanceof errors.JWTInvalid
  if (isForm || cause instanceof errors.JOSENotSupported) {
    return new HeartlineError(serverErrors.tokenMalformed, {}, cause)
  }
  // What is left comes from fetching the remote set: time-out, refused, not 200, not a key set.
  return new HeartlineError(serverErrors.jwksUnavailable, {}, cause)
}

function toClaimError(cause: errors.JWTClaimValidationFailed): HeartlineError {
  if (cause.claim === 'iss') return new HeartlineError(serverErrors.tokenIssuer)
  if (cause.claim === 'aud') return new HeartlineError(serverErrors.tokenAudience)
  if (cause.claim === 'nbf' && cause.reason === 'check_failed') {
    return new HeartlineError(serverErrors.tokenNotYetValid)
  }
  const claim = cause.claim
  return new HeartlineError(serverErrors.claimInvalid, { claim, reason: 'it has a wrong form' })
}
