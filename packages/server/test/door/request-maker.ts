import { Buffer } from 'node:buffer'

/** Numbers in [0, 1) that are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const METHODS = ['GET', 'POST', 'POST', 'GET', 'get', 'HEAD', 'PUT', 'OPTIONS', 'GETT', 'PRI', '']
const TARGETS = [
  '/v1/events?topic=a',
  '/v1/events?topic=a&topic=b/*&lastEventId=1.a.b-1',
  '/v1/events?topic=%C3%A4+b&since=earliest',
  '/v1/events',
  '/v1/events?',
  '/v1/events?a?b=c&&=;',
  '/v1/events?topic=a#b',
  '/v1/events?topic="<>\\^`{|}',
  '/v1/events?topic=\u00e4',
  '/v1/events/',
  '/v1/eventsx',
  '//v1/events?x',
  'http://localhost/v1/events?topic=a',
  '/',
  '*',
  '',
]
const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/2.0',
  'http/1.1',
  'HTTP/1.1 ',
  '',
]
const NAMES = [
  'Host',
  'Accept',
  'Authorization',
  'Connection',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'Cookie',
  'Expect',
  'Heartline-Client',
  'Idempotency-Key',
  'Keep-Alive',
  'Last-Event-ID',
  'Origin',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'User-Agent',
  'X-Forwarded-For',
  'X_odd',
  '!#$%&*+.^`|~',
  "it's",
]
const VALUES = [
  '',
  'x',
  'text/event-stream',
  'application/json',
  'application/json; charset=utf-8',
  'keep-alive',
  'Keep-Alive',
  'close',
  'upgrade',
  'keep-alive, x',
  'Bearer a.b.c',
  'http://localhost:1',
  '1.k3f9.mhx2c1q8-1z4',
  '100-continue',
  'chunked',
  'identity',
  'a  b\tc',
  'a,b;c="d"',
  '\u00e4\u00ff',
  '\u0001',
  '\u007f',
  '0',
  '5',
  '+5',
  '5 ',
  '5, 5',
  '0x5',
  '005',
  '99999',
  '65536',
  '65537',
]
const ENDS = [
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\r\n',
  '\n',
  '\r',
  '\r\r\n',
  ' \r\n',
  '\r\n ',
]
const COLONS = [': ', ': ', ': ', ': ', ':', ':\t', ':  \t', ' : ', ' ', ':: ', '']

/** Makes requests of which most are nearly right: those are where two parsers disagree. */
export class RequestMaker {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  /** The bytes of one request with its body, sometimes damaged. */
  next(): Buffer {
    const text = this.#chance(0.7) ? this.#plain() : this.#odd()
    const bytes = Buffer.from(text, 'latin1')
    return this.#chance(0.3) ? this.#damage(bytes) : bytes
  }

  /** Random cuts of bytes. */
  split(bytes: Buffer): Buffer[] {
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length;) {
      const length = 1 + Math.floor(this.#random() ** 3 * bytes.length)
      pieces.push(bytes.subarray(at, at + length))
      at += length
    }
    return pieces
  }

  #plain(): string {
    const isGet = this.#chance(0.5)
    const body = isGet ? '' : this.#body()
    const lines = [
      isGet ? `GET ${TARGETS[this.#index(3)]} HTTP/1.1` : 'POST /v1/events HTTP/1.1',
      'Host: localhost:8420',
    ]
    if (!isGet) lines.push('Content-Type: application/json', `Content-Length: ${body.length}`)
    for (let count = this.#index(5); count > 0; count--) lines.push(this.#usualHeader())
    const [first = '', ...headers] = lines
    return `${[first, ...this.#shuffle(headers)].join('\r\n')}\r\n\r\n${body}`
  }

  #odd(): string {
    const body = this.#chance(0.5) ? this.#body() : ''
    let text = `${this.#pick(METHODS)} ${this.#pick(TARGETS)} ${this.#pick(VERSIONS)}${this.#pick(ENDS)}`
    if (this.#chance(0.9)) text += 'Host: localhost\r\n'
    if (body !== '') text += `Content-Length: ${body.length}\r\n`
    for (let count = this.#index(6); count > 0; count--) {
      text += `${this.#pick(NAMES)}${this.#pick(COLONS)}${this.#pick(VALUES)}${this.#pick(ENDS)}`
    }
    return `${text}\r\n${body}`
  }

  #usualHeader(): string {
    const name = this.#pick(NAMES)
    const cased = this.#chance(0.3) ? name.toLowerCase() : name
    return `${cased}${this.#pick(COLONS.slice(0, 7))}${this.#pick(VALUES)}`
  }

  #body(): string {
    const data = this.#chance(0.1) ? 'refuse' : 'x'.repeat(this.#index(60))
    const text = JSON.stringify({ topic: 'a', data })
    return this.#chance(0.9) ? text : 'GET /v1/events?smuggled HTTP/1.1\r\nHost: a\r\n\r\n'
  }

  #damage(bytes: Buffer): Buffer {
    const at = this.#index(bytes.length)
    const byte = this.#pick([0, 9, 10, 13, 32, 58, 127, 128, 255, this.#index(256)])
    const kind = this.#index(4)
    const rest = bytes.subarray(at + (kind === 1 ? 0 : 1))
    if (kind === 0) return Buffer.concat([bytes.subarray(0, at), rest])
    if (kind < 3) return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), rest])
    const end = at + this.#index(40)
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
  }

  #shuffle(lines: string[]): string[] {
    for (let index = lines.length - 1; index > 0; index--) {
      const other = this.#index(index + 1)
      const line = lines[index] ?? ''
      lines[index] = lines[other] ?? ''
      lines[other] = line
    }
    return lines
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }

  #index(length: number): number {
    return Math.floor(this.#random() * length)
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#index(items.length)] as Item
  }
}
