/** Run by Bun and Deno: serves an application, and prints as JSON what its readers see. */
import { createApp } from './app.ts'

type Serve = (request: Request) => Response | Promise<Response>

interface Served {
  readonly port: number
  readonly stop: () => Promise<unknown>
}

/** The servers of both runtimes, as far as they are used here. */
interface Runtimes {
  readonly Bun?: {
    serve(options: { port: number; hostname: string; idleTimeout: number; fetch: Serve }): {
      readonly port: number
      stop(): Promise<void>
    }
  }
  readonly Deno?: {
    serve(
      options: { port: number; hostname: string; onListen: () => void },
      handler: Serve,
    ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> }
  }
}

function serve(fetch: Serve): Served {
  const { Bun, Deno } = globalThis as Runtimes
  const hostname = '127.0.0.1'
  if (Bun !== undefined) {
    const server = Bun.serve({ port: 0, hostname, idleTimeout: 30, fetch })
    return { port: server.port, stop: () => server.stop() }
  }
  const server = Deno!.serve({ port: 0, hostname, onListen: () => undefined }, fetch)
  return { port: server.addr.port, stop: () => server.shutdown() }
}

const app = await createApp(process.argv[2] ?? '')
const { port, stop } = serve(app.fetch)
const url = `http://127.0.0.1:${port}`
const origin = { origin: 'http://shop.example' }
const authorization = { authorization: 'yes' }

class Reader {
  readonly #controller = new AbortController()
  text = ''
  head: Response | undefined = undefined
  isFinished = false

  async open(path: string, word: string, headers = {}): Promise<this> {
    const { signal } = this.#controller
    this.head = await fetch(url + path, { headers: { ...origin, ...headers }, signal })
    void this.#read(this.head.body!).catch(() => undefined)
    await until(() => this.text.includes(word))
    return this
  }

  leave(): void {
    this.#controller.abort()
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of body) this.text += decoder.decode(chunk, { stream: true })
    this.isFinished = true
  }
}

async function until(holds: () => boolean): Promise<boolean> {
  for (let i = 0; i < 300 && !holds(); i++) await new Promise((resolve) => setTimeout(resolve, 20))
  return holds()
}

async function statusOf(path: string, headers = {}): Promise<number> {
  const response = await fetch(url + path, { headers })
  await response.text()
  return response.status
}

const page = await fetch(`${url}/page`, { headers: { 'accept-encoding': 'gzip' } })
const isCompressed = page.headers.get('content-encoding') !== null
await page.text()
const first = await new Reader().open('/stream', 'hello')
const head = first.head!.headers
const isExposed = head.get('access-control-expose-headers')?.includes('Heartline-Session')
const encoding = head.get('content-encoding')
first.leave()
const isCancelled = await until(() => app.aborted() === 1)
const subscribing = new Reader().open('/events?topic=a', 'one', authorization)
await until(() => app.hub.stats().sessions === 1)
await app.hub.publish([{ topic: 'a', data: 'one' }])
const isDelivered = (await subscribing).text.includes('one')
;(await subscribing).leave()
const refusals = [
  await statusOf('/events?topic=a'),
  await statusOf('/events', authorization),
  await statusOf('/stream', { accept: 'application/json' }),
  await statusOf('/throws'),
]
const isEmpty = await until(() => app.metrics.counts('app')?.open === 0)
const readers = await Promise.all(
  Array.from({ length: 20 }, () => new Reader().open('/stream', 'hello')),
)
const start = performance.now()
app.group.drain({ graceMs: 500 })
await stop()
const closeMs = performance.now() - start
const isEnded = await until(() => readers.every(({ isFinished }) => isFinished))
const isTold = readers.every(({ text }) => text.includes('heartline.drain'))
const { open, handlers, ended } = app.metrics.counts('app')!
const seen = {
  isCompressed,
  isExposed,
  encoding,
  isCancelled,
  isDelivered,
  refusals,
  isEmpty,
  isEnded,
  isTold,
}
console.log(JSON.stringify({ ...seen, open, handlers, ended, closeMs }))
process.exit(0)
