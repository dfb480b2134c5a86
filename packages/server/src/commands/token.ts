import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { checkSelector } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { Command } from 'commander'
import { SignJWT } from 'jose'
import { notASecret } from '../auth/key-text.ts'
import { CLAIM } from '../auth/claims.ts'
import { parseDuration } from '../config/duration.ts'
import { serverErrors } from '../errors.ts'

interface Options {
  readonly secret?: string
  readonly secretFile?: string
  readonly keyFile?: string
  readonly kid?: string
  readonly publish?: string[]
  readonly subscribe?: string[]
  readonly presence?: string[]
  readonly admin?: boolean
  readonly sub?: string
  readonly issuer?: string
  readonly audience?: string
  readonly expires: string
}

const HELP = `
For development and scripts. An application signs the tokens of its users itself, with
any JWT library: { "sub": "...", "exp": ..., "heartline": { "subscribe": ["a/**"] } }.

Examples:
  $ heartline token --secret-file secret.txt --subscribe 'news/**'
  $ heartline token --key-file private.pem --publish 'orders/*' --sub shop --expires 1h
  $ export HEARTLINE_TOKEN=$(heartline token --secret-file secret.txt --admin --publish '**')
`

/** `heartline token`. */
export function tokenCommand(): Command {
  return new Command('token')
    .description('Sign a token and print it.')
    .option(
      '--secret <text>',
      'shared secret (HS256; better: --secret-file or HEARTLINE_KEY_SECRET)',
    )
    .option('--secret-file <file>', 'file with the shared secret (HS256)')
    .option('--key-file <file>', 'PEM private key: RSA (RS256), EC P-256 (ES256), Ed25519 (EdDSA)')
    .option('--kid <id>', 'key id in the header')
    .option('--publish <selector...>', 'topics that may be published to')
    .option('--subscribe <selector...>', 'topics that may be read')
    .option('--presence <selector...>', 'topics whose presence may be asked for')
    .option('--admin', 'may list and end sessions')
    .option('--sub <name>', 'subject: who it is')
    .option('--issuer <name>', 'iss')
    .option('--audience <name>', 'aud')
    .option('--expires <time>', 'lifetime, e.g. 15m, 1h, 7d', '1h')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      process.stdout.write(`${await signToken(options)}\n`)
    })
}

async function signToken(options: Options): Promise<string> {
  const lifetimeMs = parseDuration(options.expires)
  if (lifetimeMs === undefined || lifetimeMs < 1000)
    throw usage('--expires must be a time like 1h.')
  const { key, alg } = readKey(options)
  const token = new SignJWT({ [CLAIM]: toClaim(options) })
    .setProtectedHeader({
      alg,
      typ: 'JWT',
      ...(options.kid === undefined ? {} : { kid: options.kid }),
    })
    .setIssuedAt()
    .setExpirationTime(Math.floor((Date.now() + lifetimeMs) / 1000))
  if (options.sub !== undefined) token.setSubject(options.sub)
  if (options.issuer !== undefined) token.setIssuer(options.issuer)
  if (options.audience !== undefined) token.setAudience(options.audience)
  return token.sign(key)
}

function toClaim(options: Options): Record<string, unknown> {
  const { publish = [], subscribe = [], presence = [], admin = false } = options
  for (const selector of [...publish, ...subscribe, ...presence]) checkSelector(selector)
  return { publish, subscribe, presence, ...(admin ? { admin } : {}) }
}

function readKey(options: Options): { key: Uint8Array | KeyObject; alg: string } {
  const { keyFile, secretFile } = options
  if (keyFile !== undefined) return toPrivateKey(keyFile)
  const secret =
    secretFile === undefined
      ? (options.secret ?? process.env['HEARTLINE_KEY_SECRET'])
      : readFile(secretFile).replace(/\r?\n$/, '')
  if (secret === undefined) throw usage('Give a key: --secret-file, --key-file or --secret.')
  const reason = notASecret(secret)
  if (reason !== undefined) throw usage(`The secret cannot be used: ${reason}.`)
  return { key: new TextEncoder().encode(secret), alg: 'HS256' }
}

function toPrivateKey(file: string): { key: KeyObject; alg: string } {
  const text = readFile(file)
  try {
    const key = createPrivateKey(text)
    const algorithms: Record<string, string> = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' }
    const alg = algorithms[key.asymmetricKeyType ?? '']
    if (alg !== undefined) return { key, alg }
  } catch {
    // Told below: it is no key, or one of another kind.
  }
  throw usage(`${file} holds no PEM private key of RSA, EC P-256 or Ed25519.`)
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw usage(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

function usage(reason: string): HeartlineError {
  return new HeartlineError(serverErrors.usage, { reason })
}
