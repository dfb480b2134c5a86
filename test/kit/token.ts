import { createHmac } from 'node:crypto'

/** A secret of a length that the hub accepts without a warning. */
export const TEST_SECRET = 'a secret of the tests that is long enough for HS256'

export interface TokenParts {
  readonly header?: Record<string, unknown> | undefined
  readonly claims: Record<string, unknown>
  /** Default `TEST_SECRET`. An empty text leaves the signature out. */
  readonly secret?: string | undefined
}

/** A signed token. Made by hand, so that a test can also make what no library would. */
export function makeToken(parts: TokenParts): string {
  const header = { alg: 'HS256', typ: 'JWT', ...parts.header }
  const signed = `${toBase64Url(header)}.${toBase64Url(parts.claims)}`
  const secret = parts.secret ?? TEST_SECRET
  if (secret === '') return `${signed}.`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** Claims of a token that may do everything for an hour. */
export function allClaims(): Record<string, unknown> {
  return {
    sub: 'tester',
    exp: inSeconds(3600),
    heartline: { publish: ['**'], subscribe: ['**'], presence: ['**'], admin: true },
  }
}

/** A moment as tokens state it: whole seconds since 1970. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds
}

function toBase64Url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
