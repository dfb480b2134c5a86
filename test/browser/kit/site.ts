import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createServer as createHubServer, loadConfig, type HeartlineServer } from 'heartline'
import { rolldown } from 'rolldown'
import { sleep } from '../../kit/wait-for.ts'

const CLIENT = '../../../packages/client/src/'

/** What pages of these tests keep. Set up by `PAGE`. */
export interface Kept {
  /** `createSharedClient` and `createClient`, and what else the client exports. */
  readonly lib: any
  client: any
  /** Numbers in the order in which handlers saw them. */
  seen: number[]
  gaps: unknown[]
  errors: string[]
  states: string[]
  /** Of the page's life: `pagehide`, `freeze` and others. */
  life: string[]
  /** Reads the topics; `worker`: through a shared worker; `store`: by name. */
  read(topics: readonly string[], options?: object): void
}

const PAGE = `<!doctype html><title>tab</title><body><script type="module">
import * as lib from '/client.js'
Object.assign(window, {
  lib, seen: [], errors: [], gaps: [], states: [], life: [],
  read(topics, { worker, store, ...options } = {}) {
    const url = new URL('/v1/events', location.href)
    const make = () => new SharedWorker(worker, { type: 'module' })
    window.client = lib.createSharedClient({ url, topics, worker: worker && make,
      store: store && lib[store]('place'), ...options })
    client.onState((state) => states.push(state.name))
    client.onError((error) => errors.push(error.code))
    client.on('heartline.gap', (gap) => gaps.push(gap))
    client.on('message', (data) => seen.push(data.n))
  },
})
for (const type of ['pageshow', 'pagehide']) {
  addEventListener(type, (event) => life.push(type + (event.persisted ? ' persisted' : '')))
}
for (const type of ['freeze', 'resume']) document.addEventListener(type, () => life.push(type))
</script>`

export interface SiteOptions {
  /** Flags of `heartline serve`. */
  readonly flags?: Readonly<Record<string, string>> | undefined
  /** The name that pages are loaded from. Default 127.0.0.1. */
  readonly host?: string | undefined
}

/** A page and a real hub on one origin, with a wire between them that can be cut. */
export class Site {
  readonly url: string
  readonly hub: HeartlineServer
  /** Requests for the stream. */
  readonly asked: IncomingMessage[] = []
  /** Publishes that pages sent. */
  posts = 0
  /** How long each publish takes, so that something can happen meanwhile. */
  postMs = 0
  /** Whether publishes are refused for now, as those of a hub that has no room. */
  isFull = false
  readonly #streams = new Set<ServerResponse>()
  readonly #server: ReturnType<typeof createServer>

  constructor(hub: HeartlineServer, server: ReturnType<typeof createServer>, host: string) {
    this.hub = hub
    this.#server = server
    this.url = `http://${host}:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => this.#answer(request, response))
  }

  static async start({ flags = {}, host = '127.0.0.1' }: SiteOptions = {}): Promise<Site> {
    scripts ??= Promise.all([bundle(ENTRY), bundle(WORKER)])
    await scripts
    const given = new Map(Object.entries({ listen: '127.0.0.1:0', ...flags }))
    const hub = await createHubServer(loadConfig({ flags: given }), { log: SILENT })
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Site(hub, server, host)
  }

  /** Streams that are open at the hub. */
  get sessions(): number {
    return this.hub.hub.sessions().length
  }

  /** What the open streams ask for. */
  get selectors(): (readonly string[])[] {
    return this.hub.hub.sessions().map(({ selectors }) => selectors)
  }

  async publish(topic: string, n: number): Promise<string> {
    const [result] = await this.hub.hub.publish([{ topic, data: { n } }])
    return result?.id ?? ''
  }

  /** The data of all events of a topic, in the order of the log. */
  async stored(topic: string): Promise<unknown[]> {
    const response = await fetch(`${this.hub.url}/v1/history?topic=${topic}&limit=1000`)
    const { events } = (await response.json()) as { readonly events: { readonly data: unknown }[] }
    return events.map(({ data }) => data)
  }

  /** Breaks the streams that are open. */
  cut(): void {
    for (const response of this.#streams) response.socket?.destroy()
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.hub.stop({ deadlineMs: 0 })
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/'
    if (path.startsWith('/v1/')) return void this.#pass(request, response)
    void scripts?.then(([client, worker]) => {
      const script = path === '/client.js' ? client : path === '/worker.js' ? worker : undefined
      const isMissing = script === undefined && path.endsWith('.js')
      const type = script === undefined ? 'text/html' : 'text/javascript'
      response.writeHead(isMissing ? 404 : 200, { 'content-type': type })
      response.end(isMissing ? '' : (script ?? PAGE))
    })
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, headers } = request
    const isStream = method === 'GET' && request.url?.startsWith('/v1/events') === true
    if (isStream) this.asked.push(request)
    else if (method === 'POST' && request.url === '/v1/events') {
      this.posts++
      if (this.postMs > 0) await sleep(this.postMs)
      if (this.isFull) return void response.writeHead(503).end()
    }
    if (isStream) this.#streams.add(response)
    const address = new URL(request.url ?? '/', this.hub.url)
    const onward = ask(address, { method, headers: { ...headers, host: address.host } })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => {
      this.#streams.delete(response)
      onward.destroy()
    })
    request.pipe(onward)
  }
}

const SILENT = { debug() {}, info() {}, warn() {}, error() {} } as never
const ENTRY = fileURLToPath(new URL('entry.ts', import.meta.url))
const WORKER = fileURLToPath(new URL(`${CLIENT}tabs/worker.ts`, import.meta.url))
let scripts: Promise<string[]> | undefined

async function bundle(input: string): Promise<string> {
  const build = await rolldown({
    input,
    platform: 'browser',
    resolve: { conditionNames: ['@heartline/source'] },
  })
  const { output } = await build.generate({ format: 'esm' })
  await build.close()
  return output[0].code
}
