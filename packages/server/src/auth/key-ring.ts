import { createPublicKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { HeartlineError } from '@heartline/wire'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'
import type { KeySettings, TokenAlgorithm } from '../config/config.ts'
import { isLoopbackHost } from '../config/listen-address.ts'
import { serverErrors } from '../errors.ts'
import { notASecret } from './key-text.ts'

/** RFC 7518, section 3.2: an HS256 key has at least the size of the hash. */
const RECOMMENDED_SECRET_BYTES = 32
const ASYMMETRIC: readonly TokenAlgorithm[] = ['RS256', 'ES256', 'EdDSA']

/** One source of keys and the algorithms it is for. A key is never used for another one. */
export interface KeySource {
  readonly algorithms: readonly TokenAlgorithm[]
  readonly find: JWTVerifyGetKey
}

/** The keys that tokens are checked with. */
export interface KeyRing {
  readonly sources: readonly KeySource[]
  /** Sentences about keys that work but should be better. */
  readonly warnings: readonly string[]
}

/**
 * Reads all configured keys. Throws `HL_KEY_INVALID`. Undefined when there are none. The remote
 * set is fetched when the first token needs it.
 */
export function loadKeyRing(settings: KeySettings): KeyRing | undefined {
  const warnings: string[] = []
  const sources = [
    ...secretSources(settings, warnings),
    ...pemSources(settings.publicKeyFile),
    ...localSetSources(settings.jwksFile),
    ...remoteSetSources(settings.jwksUrl),
  ]
  return sources.length === 0 ? undefined : { sources, warnings }
}

function secretSources(settings: KeySettings, warnings: string[]): KeySource[] {
  const given: [string, string][] = []
  if (settings.secret !== undefined) given.push(['auth.keys.secret', settings.secret])
  const file = settings.secretFile
  if (file !== undefined) given.push([file, readKeyFile(file).replace(/\r?\n$/, '')])
  return given.map(([source, text]) => {
    const reason = notASecret(text)
    if (reason !== undefined) throw invalid(source, reason)
    const key = new TextEncoder().encode(text)
    if (key.byteLength < RECOMMENDED_SECRET_BYTES) {
      warnings.push(
        `The secret from ${source} has ${key.byteLength} bytes, use ${RECOMMENDED_SECRET_BYTES} or more.`,
      )
    }
    return { algorithms: ['HS256'], find: () => key }
  })
}

function pemSources(file: string | undefined): KeySource[] {
  if (file === undefined) return []
  const text = readKeyFile(file)
  if (/PRIVATE KEY/.test(text)) throw invalid(file, 'it holds a private key; give the public one')
  const key = toPublicKey(file, text)
  return [{ algorithms: [algorithmOf(file, key)], find: () => key }]
}

function toPublicKey(file: string, text: string): KeyObject {
  try {
    return createPublicKey(text)
  } catch (cause) {
    throw invalid(file, 'it holds no PEM public key or certificate', cause)
  }
}

function algorithmOf(file: string, key: KeyObject): TokenAlgorithm {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
  if (type === 'rsa') {
    if ((details?.modulusLength ?? 0) >= 2048) return 'RS256'
    throw invalid(file, 'RSA keys need 2048 bits or more')
  }
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256'
  if (type === 'ed25519') return 'EdDSA'
  throw invalid(file, `${type ?? 'this'} keys are not supported; use RSA, EC P-256 or Ed25519`)
}

function localSetSources(file: string | undefined): KeySource[] {
  if (file === undefined) return []
  const set = parseKeySet(file, readKeyFile(file))
  for (const key of set.keys) {
    if (key.kty === 'oct') throw invalid(file, 'shared secrets do not belong into a key set')
    if (key.d !== undefined) throw invalid(file, 'it holds a private key; publish only public ones')
  }
  return [{ algorithms: ASYMMETRIC, find: createLocalJWKSet(set) }]
}

function parseKeySet(file: string, text: string): JSONWebKeySet {
  try {
    const set = JSON.parse(text) as JSONWebKeySet
    createLocalJWKSet(set)
    return set
  } catch (cause) {
    throw invalid(file, 'it holds no JSON Web Key Set: { "keys": [...] }', cause)
  }
}

function remoteSetSources(address: string | undefined): KeySource[] {
  if (address === undefined) return []
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isSafe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))
  if (url === undefined || !isSafe) {
    throw invalid('auth.keys.jwksUrl', 'it must be an https address (http only on loopback)')
  }
  // An unknown kid causes at most one fetch in 30 s, so that forged kids are no amplifier.
  const find = createRemoteJWKSet(url, { timeoutDuration: 5000, cooldownDuration: 30_000 })
  return [{ algorithms: ASYMMETRIC, find }]
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : 'it cannot be read', cause)
  }
}

function invalid(source: string, reason: string, cause?: unknown): HeartlineError {
  return new HeartlineError(serverErrors.keyInvalid, { source, reason }, cause)
}
