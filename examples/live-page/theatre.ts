import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform, type TransformCallback } from 'node:stream'
import { fileURLToPath } from 'node:url'
import {
  createJsonLogger,
  createServer as createHub,
  loadConfig,
  type HeartlineServer,
} from 'heartline'
import { rolldown } from 'rolldown'

const TICK_MS = 200
/** How often a silent wire looks whether it may speak again. */
const LOOK_MS = 50
const PAIRS = ['eur', 'usd', 'jpy']
const LOG = createJsonLogger('error', { write: () => {} })

/** The page, a real hub behind it, a clock that publishes, and whatever may go wrong. */
export class Theatre {
  readonly #server = createServer((request, response) => this.#answer(request, response))
  readonly #streams = new Set<ServerResponse>()
  readonly #numbers = new Map<string, number>()
  #hub: HeartlineServer | undefined
  #folder = ''
  #script = ''
  #clock: ReturnType<typeof setInterval> | undefined
  /** `cut`: connections break. `silent`: they stay, and nothing comes through. */
  #wire: 'open' | 'cut' | 'silent' = 'open'

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** @param port 0: any that is free. */
  async start(port: number): Promise<void> {
    this.#script = await bundle()
    await this.#newHub(true)
    this.#clock = setInterval(() => void this.#tick(), TICK_MS)
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    clearInterval(this.#clock)
    this.#server.closeAllConnections()
    this.#server.close()
    await this.#hub?.stop({ deadlineMs: 0 })
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Does what a button of the page says. */
  async makeTrouble(act: string): Promise<void> {
    if (act === 'cut') return this.#spoilWire('cut', 5000)
    if (act === 'silence') return this.#spoilWire('silent', 8000)
    if (act !== 'restart' && act !== 'forget') throw new RangeError(`No such trouble: ${act}`)
    const hub = this.#hub
    this.#hub = undefined
    await hub?.stop({ deadlineMs: 0 })
    await this.#newHub(act === 'forget')
  }

  /** A new log makes a new folder. */
  async #newHub(isNew: boolean): Promise<void> {
    if (isNew) {
      await rm(this.#folder, { recursive: true, force: true })
      this.#folder = await mkdtemp(join(tmpdir(), 'heartline-live-page-'))
    }
    const flags = { listen: '127.0.0.1:0', store: `disk:${this.#folder}`, heartbeat: '2s' }
    this.#hub = await createHub(loadConfig({ flags: new Map(Object.entries(flags)) }), { log: LOG })
  }

  #spoilWire(how: 'cut' | 'silent', ms: number): void {
    this.#wire = how
    if (how === 'cut') for (const { socket } of this.#streams) socket?.resetAndDestroy()
    setTimeout(() => (this.#wire = 'open'), ms)
  }

  async #tick(): Promise<void> {
    const pair = PAIRS[Math.floor(Math.random() * PAIRS.length)] as string
    const n = (this.#numbers.get(pair) ?? 0) + 1
    const data = { pair, n, rate: 1 + Math.sin(n / 9) / 20, at: Date.now() }
    const hub = this.#hub?.hub
    if (hub === undefined) return
    this.#numbers.set(pair, n)
    // While the hub leaves it takes nothing: that number never was.
    const stored = hub.publish([{ topic: `ticker/${pair}`, type: 'tick', data }])
    await stored.catch(() => this.#numbers.set(pair, n - 1))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname } = new URL(request.url ?? '/', 'http://page')
    if (pathname.startsWith('/v1/')) return this.#pass(request, response)
    if (pathname === '/streams')
      return void response.end(`${this.#hub?.hub.sessions().length ?? 0}`)
    if (pathname.startsWith('/trouble/') && request.method === 'POST') {
      const done = this.makeTrouble(pathname.slice('/trouble/'.length))
      done.then(
        () => response.writeHead(204).end(),
        () => response.writeHead(404).end(),
      )
      return
    }
    const [type, content] = this.#file(pathname)
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': type })
    response.end(content)
  }

  #file(path: string): readonly [type: string, content: string | undefined] {
    if (path === '/page.js') return ['text/javascript', this.#script]
    if (path === '/page.css') return ['text/css', read('page.css')]
    return ['text/html; charset=utf-8', path === '/' ? read('index.html') : undefined]
  }

  /** To the hub and back, over the wire that may be spoilt. */
  #pass(request: IncomingMessage, response: ServerResponse): void {
    const hub = this.#hub
    if (this.#wire === 'cut' || hub === undefined) return void request.socket.resetAndDestroy()
    const { method, headers, url = '/' } = request
    const address = new URL(url, hub.url)
    const onward = ask(address, { method, headers: { ...headers, host: address.host } })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(new Wire(() => this.#wire === 'silent')).pipe(response)
    })
    onward.on('error', () => response.destroy())
    this.#streams.add(response)
    response.on('close', () => {
      this.#streams.delete(response)
      onward.destroy()
    })
    request.pipe(onward)
  }
}

/** Passes bytes on, and holds them back while the network is silent. */
class Wire extends Transform {
  readonly #isSilent: () => boolean

  constructor(isSilent: () => boolean) {
    super()
    this.#isSilent = isSilent
  }

  override _transform(chunk: Buffer, _: string, done: TransformCallback): void {
    if (this.#isSilent()) setTimeout(() => this._transform(chunk, _, done), LOOK_MS)
    else done(null, chunk)
  }
}

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}

async function bundle(): Promise<string> {
  const build = await rolldown({
    input: fileURLToPath(new URL('page.ts', import.meta.url)),
    platform: 'browser',
    resolve: { conditionNames: ['@heartline/source'] },
  })
  const { output } = await build.generate({ format: 'esm' })
  await build.close()
  return output[0].code
}
