/** The streams that the parser benchmark reads: each about `bytes` long and made of whole events. */
export interface Fixture {
  readonly name: string
  readonly bytes: Uint8Array
  readonly events: number
}

const WORDS = [
  'the',
  ' stream',
  ' never',
  ' goes',
  ' quiet',
  ',',
  ' and',
  ' holds',
  ' its',
  ' place',
]
const CHARACTERS = ['日本語', ' größer', ' Ελλάδα', ' 🎈🎉', ' русский', ' ok', ' ناس', ' é']

/** A small event per word, as language models stream them. */
function delta(index: number): string {
  const content = WORDS[index % WORDS.length]
  return `data: {"id":"c-7f3","choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`
}

/** What a hub sends: a cursor, a type and a JSON document. */
function full(index: number): string {
  const id = `1.k3f9.mhx2c1q8-${index.toString(36)}`
  return `id: ${id}\nevent: price\ndata: {"symbol":"ABC","bid":${index},"ask":${index + 3}}\n\n`
}

function multibyte(index: number): string {
  const content = CHARACTERS[index % CHARACTERS.length]
  return `data: {"choices":[{"delta":{"content":"${content}"}}]}\n\n`
}

function multiline(index: number): string {
  return `id: ${index}\ndata: first line of ${index}\ndata: second line\ndata: third line\n\n`
}

function build(name: string, event: (index: number) => string, size: number): Fixture {
  const parts: string[] = []
  for (let length = 0; length < size; length += parts.at(-1)?.length ?? 0) {
    parts.push(event(parts.length))
  }
  return { name, bytes: new TextEncoder().encode(parts.join('')), events: parts.length }
}

/** Events of so many bytes of data, with nothing else or with an id and a type. */
function sized(bytes: number, isFull: boolean, lineEnd: string): (index: number) => string {
  const data = 'x'.repeat(bytes)
  return (index) => {
    const head = isFull ? `id: ${index}${lineEnd}event: price${lineEnd}` : ''
    return `${head}data: ${data}${lineEnd}${lineEnd}`
  }
}

function bySize(size: number): Fixture[] {
  return [8, 64, 512, 4096, 65_536].flatMap((bytes) => [
    build(`${bytes} B`, sized(bytes, false, '\n'), size),
    build(`${bytes} B CRLF`, sized(bytes, false, '\r\n'), size),
    build(`${bytes} B id+event`, sized(bytes, true, '\n'), size),
  ])
}

export function createFixtures(size: number): Fixture[] {
  return [
    build('deltas', delta, size),
    build('id+event+data', full, size),
    build('id+event+data CRLF', (index) => full(index).replaceAll('\n', '\r\n'), size),
    build('multibyte deltas', multibyte, size),
    build('three data lines', multiline, size),
    ...bySize(size),
  ]
}

export function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
  return chunks
}
