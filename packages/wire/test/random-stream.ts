/** Seeded random streams and random cuts of them. */

/** mulberry32: small, and the same in every runtime. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }
}

const NAMES = [
  'data',
  'data',
  'data',
  'data',
  'id',
  'id',
  'event',
  'event',
  'retry',
  'Data',
  'ID',
  'dat',
  'datas',
  'idx',
  'i',
  'd',
  'e',
  'eventt',
  'retr',
  'retryy',
  'r',
  'x',
  '\uFEFFdata',
  ' data',
  'data ',
  'données',
]
const PIECES = [
  'a',
  'hello',
  ' ',
  '  ',
  ':',
  'é',
  '日本',
  '🎈',
  '\0',
  '\uFEFF',
  '\u2028',
  '\u0085',
  '\v',
  '\t',
  '0',
  '{"a":1}',
  'data: ',
  'id:1',
  '\uFFFD',
]
const DIGITS = [
  '0',
  '5',
  '1000',
  '007',
  '9007199254740991',
  '9007199254740992',
  '9'.repeat(400),
  '-1',
  '+1',
  '1.5',
  '1e3',
  '٣',
  '1 ',
  '',
  ' 1',
  '12x',
]
/** Bytes that are not UTF-8: lone continuations, overlong forms, surrogates, cut characters. */
const BROKEN = [
  [0x80],
  [0xbf, 0xbf],
  [0xc0, 0x8a],
  [0xc3],
  [0xe2, 0x82],
  [0xe0, 0x80, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf0, 0x9f, 0x8e],
  [0xf0, 0x9f],
  [0xf4, 0x90, 0x80, 0x80],
  [0xf8, 0x88, 0x80, 0x80],
  [0xff, 0xfe],
  [0xef, 0xbb],
  [0xef],
]

const encoder = new TextEncoder()

function pushText(bytes: number[], text: string): void {
  for (const byte of encoder.encode(text)) bytes.push(byte)
}

function pushValue(bytes: number[], random: Random, broken: boolean): void {
  for (let left = random.below(4); left > 0; left--) {
    if (broken && random.chance(0.2)) bytes.push(...random.pick(BROKEN))
    else pushText(bytes, random.pick(PIECES))
  }
}

function pushLine(bytes: number[], random: Random, broken: boolean): void {
  const shape = random.next()
  if (shape < 0.3) return
  if (shape < 0.4) {
    pushText(bytes, random.pick([':', ': ', ':  ', ':hb', ': hb 1']))
    pushValue(bytes, random, broken)
  } else if (shape < 0.48) {
    pushText(bytes, `retry${random.pick([':', ': ', ':  '])}${random.pick(DIGITS)}`)
  } else if (shape < 0.55) {
    pushText(bytes, random.pick(NAMES))
  } else if (shape < 0.6) {
    pushValue(bytes, random, broken)
  } else {
    pushText(bytes, random.pick(NAMES) + random.pick([':', ': ', ': ', ':  ', ' : ']))
    pushValue(bytes, random, broken)
  }
}

export interface RandomStream {
  readonly bytes: Uint8Array
  readonly initialLastEventId: string
}

export function randomStream(random: Random): RandomStream {
  const bytes: number[] = []
  const broken = random.chance(0.3)
  const ends = random.pick([['\n'], ['\r'], ['\r\n'], ['\n', '\r', '\r\n'], ['\r', '\r\n']])
  if (random.chance(0.3)) {
    for (let marks = random.below(4); marks > 0; marks--) bytes.push(0xef, 0xbb, 0xbf)
    if (random.chance(0.1)) bytes.push(...random.pick(BROKEN))
  }
  for (let lines = random.below(24); lines > 0; lines--) {
    pushLine(bytes, random, broken)
    pushText(bytes, random.pick(ends))
  }
  if (random.chance(0.5)) pushLine(bytes, random, broken)
  return {
    bytes: Uint8Array.from(bytes),
    initialLastEventId: random.chance(0.2) ? 'before' : '',
  }
}

/** Sizes of chunks: all ones, small, mixed with empty ones, or large. */
function chunkSize(random: Random, style: number): number {
  if (style === 0) return 1
  if (style === 1) return 1 + random.below(4)
  if (style === 2) return random.below(30)
  return 1 + random.below(400)
}

export function randomChunks<T extends Uint8Array | string>(whole: T, random: Random): T[] {
  const chunks: T[] = []
  const style = random.below(4)
  for (let at = 0; at < whole.length;) {
    const size = chunkSize(random, style)
    chunks.push(whole.slice(at, at + size) as T)
    at += size
  }
  return chunks
}
