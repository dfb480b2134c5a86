import { fromBase64Url, toBase64Url } from './token.ts'

const IV_BYTES = 12

/**
 * Seals what processes tell each other. The log is shared: whoever may read it must not read
 * operations of others, and whoever may publish must not put one on their streams.
 */
export class Envelope {
  readonly #key: Promise<CryptoKey>

  constructor(secret: string) {
    this.#key = toKey(secret)
  }

  /** Only who has the secret opens it, and only on the same topic. */
  async seal(value: unknown, topic: string): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const bytes = new TextEncoder().encode(JSON.stringify(value))
    const sealed = await crypto.subtle.encrypt(algorithm(iv, topic), await this.#key, bytes)
    const pieces = `${toBase64Url(iv)}.${encode(new Uint8Array(sealed))}`
    return pieces
  }

  /** Undefined for what nobody with the secret sealed for this topic. */
  async open(text: string, topic: string): Promise<unknown> {
    try {
      const [iv = '', sealed = ''] = text.split('.')
      const options = algorithm(fromBase64Url(iv), topic)
      const bytes = await crypto.subtle.decrypt(options, await this.#key, fromBase64Url(sealed))
      return JSON.parse(new TextDecoder().decode(bytes))
    } catch {
      return undefined
    }
  }
}

async function toKey(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(`heartline graphql log ${secret}`)
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return crypto.subtle.importKey('raw', digest, 'AES-GCM', false, ['encrypt', 'decrypt'])
}

function algorithm(iv: Uint8Array<ArrayBuffer>, topic: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(topic) }
}

/** Piece by piece: an argument for each byte of a large message would overflow the stack. */
function encode(bytes: Uint8Array): string {
  const pieces: string[] = []
  // A multiple of three, so that no piece but the last needs padding.
  const step = 3 * 4096
  for (let at = 0; at < bytes.length; at += step) {
    pieces.push(toBase64Url(bytes.subarray(at, at + step)))
  }
  return pieces.join('')
}
