/** Run by Bun: an Elysia application on its own adapter, and what its readers see. Prints JSON. */
import { gzipSync } from 'node:zlib'
import { createMemoryBroker } from '@heartline/broker'
import { heartline, stream, subscribe } from '@heartline/elysia'
import { createHub } from '@heartline/hub'
import { StreamMetrics } from '@heartline/session/fetch'
import { Elysia } from 'elysia'

const hub = await createHub({ broker: createMemoryBroker() })
const metrics = new StreamMetrics({ onError: () => undefined })
const monitor = metrics.monitor('elysia')
let aborted = 0
const app = new Elysia()
heartline(app)
app.mapResponse(async ({ headers, responseValue: value, set }) => {
  if (typeof value !== 'string' && !(value instanceof Response)) return undefined
  if (headers?.['accept-encoding']?.includes('gzip') !== true) return undefined
  const body = typeof value === 'string' ? value : await value.arrayBuffer()
  set.headers['content-encoding'] = 'gzip'
  return new Response(gzipSync(body), value instanceof Response ? value : {})
})
app.get('/page', () => 'Nothing new. '.repeat(400))
app.get('/events', subscribe(hub, { monitor }), {
  beforeHandle: ({ headers, set }) => {
    if (headers['authorization'] === 'yes') return undefined
    set.status = 401
    return 'Who are you?'
  },
})
app.get(
  '/stream',
  stream(
    async (session, signal) => {
      session.send({ data: 'hello' })
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      aborted++
    },
    { monitor, heartbeatMs: 9_000 },
  ),
)
app.get(
  '/throws',
  stream(() => {
    throw new Error('no database')
  }),
)
app.listen({ port: 0, hostname: '127.0.0.1' })
const url = `http://127.0.0.1:${app.server?.port}`
const authorization = { authorization: 'yes' }

async function read(path: string, word: string, headers = {}): Promise<() => Promise<string>> {
  const controller = new AbortController()
  const response = await fetch(url + path, { headers, signal: controller.signal })
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  let text = ''
  while (!text.includes(word)) text += decoder.decode((await reader.read()).value)
  return async () => {
    controller.abort()
    return text
  }
}

async function until(holds: () => boolean): Promise<boolean> {
  for (let i = 0; i < 200 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 20))
  return holds()
}

const statusOf = async (path: string, headers = {}): Promise<number> =>
  (await fetch(url + path, { headers })).status

const encodingOf = async (path: string): Promise<string | null> => {
  const response = await fetch(url + path)
  await response.body?.cancel()
  return response.headers.get('content-encoding')
}

const encodings = [await encodingOf('/page'), await encodingOf('/stream')]
await until(() => aborted === 1)
const leave = await read('/stream', 'hello')
await leave()
const isCancelled = await until(() => aborted === 2)
const subscribed = read('/events?topic=a', '"one"', authorization)
await until(() => hub.stats().sessions === 1)
await hub.publish([{ topic: 'a', data: '"one"' }])
await (
  await subscribed
)()
const refusals = [
  await statusOf('/events?topic=a'),
  await statusOf('/events', authorization),
  await statusOf('/stream', { accept: 'application/json' }),
  await statusOf('/throws'),
]
const isEmpty = await until(() => metrics.counts('elysia')?.open === 0)
for (let i = 0; i < 100; i++) await read('/stream', 'hello')
const start = performance.now()
await app.stop()
const closeMs = performance.now() - start
await until(() => metrics.counts('elysia')?.open === 0)
const { open, ended } = metrics.counts('elysia')!
console.log(JSON.stringify({ encodings, isCancelled, refusals, isEmpty, closeMs, open, ended }))
process.exit(0)
