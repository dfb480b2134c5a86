import { checkSelector } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import type { JWTPayload } from 'jose'
import { serverErrors } from '../errors.ts'
import type { Grant } from './grant.ts'

/** The claim that says what a token allows. */
export const CLAIM = 'heartline'
/** Each request is checked against all of them. */
const MAX_SELECTORS = 200
const FIELDS = ['publish', 'subscribe', 'presence', 'admin']

/** Reads what a verified token allows. Throws `HL_CLAIM_MISSING`, `HL_CLAIM_INVALID`. */
export function toGrant(payload: JWTPayload, anonymous: boolean): Grant {
  const claim = payload[CLAIM]
  if (claim === undefined) throw new HeartlineError(serverErrors.claimMissing)
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) {
    throw invalid(CLAIM, 'it must be an object')
  }
  const fields = claim as Readonly<Record<string, unknown>>
  const unknown = Object.keys(fields).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined) {
    throw invalid(CLAIM, `"${unknown.slice(0, 64)}" is unknown, it may have ${FIELDS.join(', ')}`)
  }
  return {
    subject: toSubject(payload.sub),
    publish: toSelectors(fields, 'publish'),
    subscribe: toSelectors(fields, 'subscribe'),
    presence: toSelectors(fields, 'presence'),
    admin: toFlag(fields['admin']),
    anonymous,
    expiresAtMs: payload.exp === undefined ? undefined : payload.exp * 1000,
  }
}

function toSubject(subject: unknown): string | undefined {
  if (subject === undefined) return undefined
  if (typeof subject === 'string' && subject !== '' && subject.length <= 256) return subject
  throw invalid('sub', 'it must be a text of 1 to 256 characters')
}

function toSelectors(fields: Readonly<Record<string, unknown>>, field: string): readonly string[] {
  const list = fields[field]
  const name = `${CLAIM}.${field}`
  if (list === undefined) return []
  if (!Array.isArray(list)) throw invalid(name, 'it must be a list of selectors')
  if (list.length > MAX_SELECTORS)
    throw invalid(name, `it has more than ${MAX_SELECTORS} selectors`)
  return list.map((selector, index) => toSelector(selector, `${name}[${index}]`))
}

function toSelector(selector: unknown, name: string): string {
  try {
    return checkSelector(selector)
  } catch (cause) {
    if (!(cause instanceof HeartlineError)) throw cause
    throw invalid(name, String(cause.details['reason'] ?? 'it is no selector'))
  }
}

function toFlag(value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false
  throw invalid(`${CLAIM}.admin`, 'it must be true or false')
}

function invalid(claim: string, reason: string): HeartlineError {
  return new HeartlineError(serverErrors.claimInvalid, { claim, reason })
}
