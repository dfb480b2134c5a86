import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import {
  createJsonLogger,
  createServer as createHub,
  loadConfig,
  type HeartlineServer,
} from 'heartline'
import { renderToString } from 'react-dom/server'
import { rolldown } from 'rolldown'
import { App } from './app.tsx'

const LOG = createJsonLogger('error', { write: () => {} })
const STYLE = readFileSync(new URL('page.css', import.meta.url), 'utf8')
const BROWSER = fileURLToPath(new URL('browser.tsx', import.meta.url))

/** A page that is rendered here, and a hub behind it. */
export class PriceSite {
  /** Streams that were asked for. */
  asked = 0
  readonly #server = createServer((request, response) => this.#answer(request, response))
  #hub: HeartlineServer | undefined
  #script = ''

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** @param port 0: any that is free. */
  async start(port: number): Promise<void> {
    this.#script = await bundle()
    const flags = new Map([
      ['listen', '127.0.0.1:0'],
      ['store', 'memory'],
    ])
    this.#hub = await createHub(loadConfig({ flags }), { log: LOG })
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.#hub?.stop({ deadlineMs: 0 })
  }

  async publish(symbol: string, bid: number): Promise<void> {
    await this.#hub?.hub.publish([{ topic: 'prices', type: 'price', data: { symbol, bid } }])
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { url = '' } = request
    if (url.startsWith('/v1/')) return this.#pass(request, response)
    const isScript = url === '/page.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
    response.end(isScript ? this.#script : page())
  }

  /** To the hub, and what it answers back. */
  #pass(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '', headers } = request
    if (method === 'GET' && url.startsWith('/v1/events')) this.asked++
    const way = ask(new URL(url, this.#hub?.url), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    way.on('error', () => response.destroy())
    response.on('close', () => way.destroy())
    request.pipe(way)
  }
}

/** Nothing is asked for here: the hooks render what they have before the first event. */
function page(): string {
  const html = renderToString(<App options={{ url: 'http://localhost/v1/events' }} />)
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Prices</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style>
<div id="root">${html}</div>
<script type="module" src="/page.js"></script>`
}

async function bundle(): Promise<string> {
  const build = await rolldown({
    input: BROWSER,
    platform: 'browser',
    logLevel: 'silent',
    resolve: { conditionNames: ['@heartline/source'] },
    transform: { define: { 'process.env.NODE_ENV': '"development"' } },
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  return output[0].code
}
