import type { Exchange } from '../exchange.ts'

/** What a token says. It is told apart from others by its `id`. */
export interface Reservation {
  readonly id: string
  /** Unix milliseconds until which its stream may be opened. */
  readonly expiresAt: number
}

/** The header of the protocol; `?token=` stands in for it where headers cannot be set. */
const TOKEN_HEADER = 'x-graphql-event-stream-token'
/** 128 random bits, six bytes of time, 128 bits that stand for the owner, and 128 of the signature. */
const RANDOM_BYTES = 16
const TIME_BYTES = 6
const OWNER_START = RANDOM_BYTES + TIME_BYTES
const MARK_BYTES = 16
const CLAIM_BYTES = OWNER_START + MARK_BYTES
const TOKEN_BYTES = CLAIM_BYTES + MARK_BYTES
const TOKEN = /^[A-Za-z0-9_-]{72}$/

export function readToken(exchange: Exchange<unknown>): string | undefined {
  const token = exchange.header(TOKEN_HEADER) ?? exchange.query.get('token') ?? ''
  return token === '' ? undefined : token
}

/**
 * Makes and reads tokens. All that a reservation is stands in its token, signed: one that is never
 * used costs nothing, and none can be guessed or chosen by a client.
 */
export class TokenMint {
  readonly #key: Promise<CryptoKey>

  constructor(secret: string) {
    const bytes = new TextEncoder().encode(`heartline graphql token ${secret}`)
    const algorithm = { name: 'HMAC', hash: 'SHA-256' }
    this.#key = crypto.subtle.importKey('raw', bytes, algorithm, false, ['sign'])
  }

  /** Only for `owner`, which is not readable in the token. */
  async mint(expiresAt: number, owner: string): Promise<string> {
    const bytes = new Uint8Array(TOKEN_BYTES)
    crypto.getRandomValues(bytes.subarray(0, RANDOM_BYTES))
    // Six bytes of milliseconds last until the year 10889.
    const view = new DataView(bytes.buffer)
    view.setUint16(RANDOM_BYTES, Math.floor(expiresAt / 2 ** 32))
    view.setUint32(RANDOM_BYTES + 2, expiresAt >>> 0)
    bytes.set(await this.#markOf(bytes.subarray(0, OWNER_START), owner), OWNER_START)
    bytes.set(await this.#sign(bytes.subarray(0, CLAIM_BYTES)), CLAIM_BYTES)
    return toBase64Url(bytes)
  }

  /**
   * Undefined when this server never made it, or made it for another owner. Without an owner,
   * whoever has the token may use it.
   */
  async read(token: string, owner: string | undefined): Promise<Reservation | undefined> {
    if (!TOKEN.test(token)) return undefined
    const bytes = fromBase64Url(token)
    const signature = await this.#sign(bytes.subarray(0, CLAIM_BYTES))
    if (!isEqual(signature, bytes.subarray(CLAIM_BYTES))) return undefined
    if (owner !== undefined) {
      const mark = await this.#markOf(bytes.subarray(0, OWNER_START), owner)
      if (!isEqual(mark, bytes.subarray(OWNER_START, CLAIM_BYTES))) return undefined
    }
    const view = new DataView(bytes.buffer)
    const expiresAt = view.getUint16(RANDOM_BYTES) * 2 ** 32 + view.getUint32(RANDOM_BYTES + 2)
    return { id: token, expiresAt }
  }

  /** Another one in every token: two tokens do not tell that they are of one owner. */
  #markOf(claim: Uint8Array<ArrayBuffer>, owner: string): Promise<Uint8Array> {
    const text = new TextEncoder().encode(`owner ${toBase64Url(claim)} ${owner}`)
    return this.#sign(text)
  }

  async #sign(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const signature = await crypto.subtle.sign('HMAC', await this.#key, bytes)
    return new Uint8Array(signature, 0, MARK_BYTES)
  }
}

/** Takes the same time wherever two signatures differ. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length
  for (const [index, byte] of left.entries()) difference |= byte ^ (right[index] ?? 0)
  return difference === 0
}

/** Text of `[A-Za-z0-9_-]`, which neither headers nor URLs escape. */
export function toBase64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes))
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}
