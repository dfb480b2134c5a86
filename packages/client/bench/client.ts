/**
 * CPU time for each event that reaches a handler, next to the parser alone. Events come from memory,
 * so that no network is measured. Run it with `npx tsx --conditions=@heartline/source`.
 */
import { createParser, encodeEvent, encodePosition } from '@heartline/wire'
import { createClient, EventSource } from '../src/index.ts'

const EVENTS = 200_000
const CHUNK_BYTES = 65_536
const ROUNDS = 7

const text = Array.from({ length: EVENTS }, (_, n) => {
  const id = encodePosition('k3f9', { ms: 1_760_000_000_000 + n, offset: n + 1 })
  return encodeEvent({ id, type: 'price', data: `{"bid":${n},"ask":${n + 1}}` })
}).join('')
const bytes = new TextEncoder().encode(text)

function chunks(): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    parts.push(bytes.subarray(at, at + CHUNK_BYTES))
  }
  return parts
}

/** Answers once with all events. */
function fetchOnce(): typeof fetch {
  return async () => {
    const parts = chunks()
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const part = parts.shift()
        if (part !== undefined) controller.enqueue(part)
      },
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  }
}

function parserAlone(): void {
  let seen = 0
  const parser = createParser({
    onEvent: ({ data }) => (seen += JSON.parse(data) === null ? 0 : 1),
  })
  for (const part of chunks()) parser.feed(part)
  if (seen !== EVENTS) throw new Error(`${seen} events`)
}

function client(): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0
    const made = createClient({ url: 'http://x', fetch: fetchOnce() })
    made.on('price', () => {
      if (++seen < EVENTS) return
      made.close()
      resolve()
    })
  })
}

async function loop(): Promise<void> {
  let seen = 0
  const made = createClient({ url: 'http://x', fetch: fetchOnce() })
  for await (const _ of made) if (++seen === EVENTS) break
}

function eventSource(): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0
    const source = new EventSource('http://x', { fetch: fetchOnce() })
    source.addEventListener('price', (event) => {
      JSON.parse(String((event as MessageEvent).data))
      if (++seen < EVENTS) return
      source.close()
      resolve()
    })
  })
}

const subjects = {
  'parser and JSON.parse': parserAlone,
  handler: client,
  loop: loop,
  EventSource: eventSource,
}
const best = new Map<string, number>()
for (let round = 0; round < ROUNDS; round++) {
  for (const [name, subject] of Object.entries(subjects)) {
    const before = process.cpuUsage()
    await subject()
    const { user, system } = process.cpuUsage(before)
    best.set(name, Math.min(best.get(name) ?? Infinity, (user + system) / EVENTS))
  }
}
for (const [name, us] of best) console.log(`${name}: ${us.toFixed(3)} µs an event`)
