import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { bundleClient } from '../kit/bundle-client.ts'
import { browserMissing, launch } from '../kit/chromium.ts'
import { waitFor } from '../kit/wait-for.ts'

const missing = browserMissing()

type Answer = (request: IncomingMessage, response: ServerResponse, n: number) => unknown

interface Site {
  readonly url: string
  /** Requests for the stream. */
  readonly asked: IncomingMessage[]
}

/** What the pages of these tests keep. */
interface Kept {
  seen: unknown[]
  states: string[]
  client: any
  lib: any
}
declare const window: Window & Kept

const PAGE = `<!doctype html><title>client</title><script type="module">
import * as lib from './client.js'
Object.assign(window, { seen: [], states: [], lib })
</script>`
const ENTRIES = ['index.ts', 'browser.ts']

describe.skipIf(missing !== undefined)('the client in a browser', () => {
  let browser: Browser
  let bundle = ''

  beforeAll(async () => {
    browser = await launch()
    bundle = await bundleClient(ENTRIES)
  })

  afterAll(() => browser.close())

  async function serve(answer: Answer): Promise<Site> {
    const asked: IncomingMessage[] = []
    const server = createServer((request, response) => {
      const isStream = request.url?.startsWith('/v1/events') === true
      if (isStream) return answer(request, response, asked.push(request) - 1)
      const isScript = request.url === '/client.js'
      const type = isScript ? 'text/javascript' : 'text/html'
      response.writeHead(200, { 'content-type': type })
      return response.end(isScript ? bundle : PAGE)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
  }

  async function visit({ url }: Site): Promise<Page> {
    const context = await browser.newContext()
    const page = await context.newPage()
    onTestFinished(() => context.close())
    await page.goto(url)
    await load(page)
    return page
  }

  async function load(page: Page): Promise<void> {
    await page.waitForFunction(() => window.lib !== undefined)
  }

  const seenBy = (page: Page): Promise<unknown[]> => page.evaluate(() => window.seen)
  const untilSeen = (page: Page, count: number): Promise<void> =>
    waitFor(async () => (await seenBy(page)).length >= count, { what: `${count} are seen` })

  test('the EventSource reads, comes back with its id, and says where events are from', async () => {
    const site = await serve((_, response, n) => {
      open(response, `retry: 10\nid: ä${n}\ndata: ${n}\n\n`)
      if (n === 0) response.end()
    })
    const page = await visit(site)
    await page.evaluate(() => {
      const source = new window.lib.EventSource('v1/events?x=1')
      window.states.push(source.url)
      source.onmessage = (event: MessageEvent) =>
        window.seen.push([event.data, event.lastEventId, event.origin])
      source.onerror = () => window.states.push(`error ${source.readyState}`)
    })
    await untilSeen(page, 2)
    expect(await seenBy(page)).toEqual([
      ['0', 'ä0', site.url],
      ['1', 'ä1', site.url],
    ])
    expect(await page.evaluate(() => window.states)).toEqual([
      `${site.url}/v1/events?x=1`,
      'error 0',
    ])
    const sent = String(site.asked[1]?.headers['last-event-id'])
    expect(Buffer.from(sent, 'latin1').toString()).toBe('ä0')
  })

  test('the EventSource asks another origin without a preflight, with cookies only if told', async () => {
    const other = await serve((request, response) => {
      const origin = request.headers.origin ?? ''
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('access-control-allow-credentials', 'true')
      open(response, `data: ${request.headers.cookie ?? 'none'}\n\n`)
    })
    const page = await visit(await serve(() => {}))
    const url = `${other.url}/v1/events`
    await page.context().addCookies([{ name: 'c', value: '1', url: other.url }])
    await page.evaluate((address) => {
      for (const withCredentials of [false, true]) {
        const source = new window.lib.EventSource(address, { withCredentials })
        source.onmessage = ({ data }: MessageEvent) =>
          window.seen.push(`${withCredentials} ${data}`)
      }
    }, url)
    await untilSeen(page, 2)
    expect(other.asked.map(({ method }) => method)).toEqual(['GET', 'GET'])
    expect(new Set(await seenBy(page))).toEqual(new Set(['false none', 'true c=1']))
  })

  test('a client says offline, and is back as soon as the network is', async () => {
    const site = await serve((_, response, n) => open(response, `retry: 30000\ndata: ${n}\n\n`))
    const page = await visit(site)
    await page.evaluate(() => {
      window.client = window.lib.createClient({ url: 'v1/events' })
      window.client.onState((state: { name: string }) => window.states.push(state.name))
      window.client.on('*', (data: unknown) => window.seen.push(data))
    })
    await untilSeen(page, 1)
    await page.context().setOffline(true)
    await page.evaluate(() => window.client.wake())
    // A stream that is open already may outlive the emulation: end it as a network would.
    for (const { socket } of site.asked) socket.destroy()
    await waitFor(() => page.evaluate(() => window.states.includes('offline')), { what: 'offline' })
    const before = Date.now()
    await page.context().setOffline(false)
    await untilSeen(page, 2)
    expect(Date.now() - before).toBeLessThan(25_000)
  })

  test.each(['sessionStorageStore', 'indexedDbStore'])(
    'a client goes on after a reload with %s',
    async (store) => {
      const site = await serve((_, response, n) => open(response, `id: at-${n}\ndata: ${n}\n\n`))
      const page = await visit(site)
      const read = (): Promise<void> =>
        page.evaluate((name) => {
          const kept = window.lib[name]('place')
          window.client = window.lib.createClient({ url: 'v1/events', store: kept })
          window.client.on('*', (data: unknown) => window.seen.push(data))
        }, store)
      await read()
      await untilSeen(page, 1)
      const isSaved = (): Promise<boolean> =>
        page.evaluate(async (name) => (await window.lib[name]('place').load()) === 'at-0', store)
      await waitFor(isSaved, { what: 'the place is saved' })
      await page.reload()
      await load(page)
      await read()
      await untilSeen(page, 1)
      expect(site.asked[1]?.headers['last-event-id']).toBe('at-0')
    },
  )

  test('what a client published without a network is sent once after a reload', async () => {
    const stored: string[] = []
    const site = await serve((request, response) => {
      if (request.method === 'GET') return open(response, 'data: 1\n\n')
      request.setEncoding('utf8').on('data', (text: string) => stored.push(text))
      return request.on('end', () => {
        response.writeHead(201).end('[{"id":"x","duplicate":false}]')
      })
    })
    const page = await visit(site)
    const make = (): Promise<void> =>
      page.evaluate(() => {
        const outbox = window.lib.indexedDbOutbox('out')
        window.client = window.lib.createClient({ url: 'v1/events', outbox })
      })
    await make()
    await page.context().setOffline(true)
    await page.evaluate(() => {
      for (const data of ['one', 'two']) void window.client.publish({ topic: 'a', data })
    })
    const kept = (): Promise<number> =>
      page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const opening = indexedDB.open('heartline-outbox-out')
            // The client makes it.
            opening.onupgradeneeded = () => opening.transaction!.abort()
            opening.onerror = () => resolve(0)
            opening.onsuccess = () => {
              const count = opening.result.transaction('entries').objectStore('entries').count()
              count.onsuccess = () => resolve(count.result)
              opening.result.close()
            }
          }),
      )
    await waitFor(async () => (await kept()) === 2, { what: 'both are kept' })
    await page.evaluate(() => window.client.close())
    await page.context().setOffline(false)
    await page.reload()
    await load(page)
    await make()
    await page.evaluate(() => window.client.connect())
    await waitFor(async () => (await kept()) === 0, { what: 'both are sent' })
    expect(stored.map((text) => JSON.parse(text)[0].data)).toEqual(['one', 'two'])
  })
})

function open(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(text)
}
