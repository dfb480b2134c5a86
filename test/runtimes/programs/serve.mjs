// A server of event streams on the Fetch entry of the installed session, with whatever this runtime
// has to serve Fetch.
import process from 'node:process'
import { createFetchSession } from '@heartline/session/fetch'
import { createParser, encodeEvent } from '@heartline/wire'

const LAST = 40
const EVERY_MS = 20
const [, , hostname] = process.argv

function answer(request) {
  const { session, response } = createFetchSession(request, { heartbeatMs: 1000, retryMs: 300 })
  let n = Number(request.headers.get('last-event-id') ?? 0)
  const timer = setInterval(() => {
    if (n < LAST) session.send(toEvent(++n))
  }, EVERY_MS)
  void session.closed.then(({ reason }) => {
    clearInterval(timer)
    console.log(`ended ${reason}`)
  })
  return response
}

function toEvent(n) {
  return { id: String(n), type: 'number', data: `${n}\nzwei é€𝄞` }
}

/** What the codec writes, it reads. */
function checkCodec() {
  const read = []
  const parser = createParser({ onEvent: (event) => read.push(event) })
  const bytes = new TextEncoder().encode(encodeEvent(toEvent(7)))
  for (const byte of bytes) parser.feed(Uint8Array.of(byte))
  const { id, type, data } = toEvent(7)
  const [event] = read
  if (event?.lastEventId !== id || event.type !== type || event.data !== data) {
    throw new Error(`The codec read ${JSON.stringify(read)}`)
  }
}

checkCodec()

if ('Bun' in globalThis) {
  const { port } = Bun.serve({ hostname, port: 0, fetch: answer })
  console.log(`port ${port}`)
} else if ('Deno' in globalThis) {
  Deno.serve({ hostname, port: 0, onListen: ({ port }) => console.log(`port ${port}`) }, answer)
} else {
  await serveOnNode()
}

async function serveOnNode() {
  const { createServer } = await import('node:http')
  const { Readable } = await import('node:stream')
  const server = createServer((incoming, outgoing) => {
    const gone = new AbortController()
    outgoing.once('close', () => gone.abort())
    const { headers, url } = incoming
    const request = new Request(`http://${hostname}${url}`, { headers, signal: gone.signal })
    const response = answer(request)
    outgoing.writeHead(response.status, Object.fromEntries(response.headers))
    Readable.fromWeb(response.body)
      .on('error', () => {})
      .pipe(outgoing)
  })
  server.listen(0, hostname, () => console.log(`port ${server.address().port}`))
}
