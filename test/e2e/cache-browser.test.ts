import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { bundleClient } from '../kit/bundle-client.ts'
import { browserMissing, launch } from '../kit/chromium.ts'
import { waitFor } from '../kit/wait-for.ts'

const missing = browserMissing()

/** What the pages of these tests keep. */
interface Kept {
  lib: any
  cache: any
  client: any
  codes: string[]
}
declare const window: Window & Kept

const PAGE = `<!doctype html><title>cache</title><script type="module">
import * as lib from './lib.js'
Object.assign(window, { codes: [], lib })
</script>`
const ENTRIES = ['index.ts', 'browser.ts', 'cache/index.ts']

describe.skipIf(missing !== undefined)('the cache of last values in a browser', () => {
  let browser: Browser
  let bundle = ''

  beforeAll(async () => {
    browser = await launch()
    bundle = await bundleClient(ENTRIES)
  })

  afterAll(() => browser.close())

  /** Serves the page, and a stream that sends these lines to each reader. */
  async function serve(stream: string): Promise<{ server: Server; url: string }> {
    const server = createServer((request, response) => {
      if (request.url === '/v1/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        return response.write(stream)
      }
      const isScript = request.url === '/lib.js'
      response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' })
      return response.end(isScript ? bundle : PAGE)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }

  async function visit(url: string): Promise<Page> {
    const context = await browser.newContext()
    const page = await context.newPage()
    onTestFinished(() => context.close())
    await page.goto(url)
    await loaded(page)
    return page
  }

  async function loaded(page: Page): Promise<void> {
    await page.waitForFunction(() => window.lib !== undefined)
  }

  function makeClient(page: Page): Promise<void> {
    return page.evaluate(() => {
      const keyOf = ({ data }: { data: { symbol: string } }): string => data.symbol
      window.cache = window.lib.indexedDbCache('prices', { keyOf })
      const store = window.lib.indexedDbStore('prices')
      window.client = window.lib.createClient({ url: 'v1/events', cache: window.cache, store })
      window.client.onError(({ code }: { code: string }) => window.codes.push(code))
      window.client.connect()
    })
  }

  const bidOf = (page: Page, symbol: string): Promise<number | undefined> =>
    page.evaluate((key) => window.cache.latest('price', key)?.data.bid, symbol)

  const STREAM = [
    'id: 1\nevent: price\ndata: {"symbol":"A","bid":1}\n\n',
    'id: 2\nevent: price\ndata: {"symbol":"B","bid":2}\n\n',
    'id: 3\nevent: price\ndata: {"symbol":"A","bid":3}\n\n',
  ].join('')

  test('serves the last values after a reload without a network', async () => {
    const { url } = await serve(STREAM)
    const page = await visit(url)
    await makeClient(page)
    const isSaved = (): Promise<boolean> =>
      page.evaluate(async () => (await window.lib.indexedDbStore('prices').load()) === '3')
    await waitFor(isSaved, { what: 'the place is saved' })
    // No time for anything else: what the place covers is in the cache already.
    await page.reload()
    await loaded(page)
    await page.context().setOffline(true)
    await makeClient(page)
    await waitFor(async () => (await bidOf(page, 'A')) === 3, { what: 'the value is there' })
    expect(await bidOf(page, 'B')).toBe(2)
    expect(await page.evaluate(() => window.client.state.name)).not.toBe('open')
    expect(await page.evaluate(() => window.codes)).toEqual([])
  })

  test('forgets its values when it is told to', async () => {
    const { url } = await serve(STREAM)
    const page = await visit(url)
    await makeClient(page)
    await waitFor(async () => (await bidOf(page, 'A')) === 3, { what: 'the value is there' })
    const left = await page.evaluate(async () => {
      window.client.close()
      await window.cache.clear()
      const again = window.lib.indexedDbCache('prices')
      await again.load()
      return again.size
    })
    expect(left).toBe(0)
  })

  test('says once that storage is denied, and the client goes on', async () => {
    const { url } = await serve(STREAM)
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    await context.addInitScript(() => {
      // What a browser does that blocks all storage of a site.
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'SecurityError')
      }
    })
    const page = await context.newPage()
    await page.goto(url)
    await loaded(page)
    await makeClient(page)
    await waitFor(async () => (await bidOf(page, 'A')) === 3, { what: 'the value is there' })
    await waitFor(() => page.evaluate(() => window.codes.length >= 2), { what: 'it is said' })
    const codes = await page.evaluate(() => window.codes)
    expect(codes.filter((code) => code === 'HL_CLIENT_CACHE_FAILED')).toHaveLength(1)
  })

  test('says once that storage is full, and serves what is new', async () => {
    const { url } = await serve(STREAM)
    const page = await visit(url)
    const session = await page.context().newCDPSession(page)
    await session.send('Storage.overrideQuotaForOrigin', { origin: url, quotaSize: 2_000_000 })
    const found = await page.evaluate(async () => {
      const cache = window.lib.indexedDbCache('full', { maxBytes: 50_000_000 })
      const codes: string[] = []
      cache.beside(undefined, ({ code }: { code: string }) => codes.push(code))
      await cache.load()
      for (let n = 0; n < 4; n++) {
        // Text that does not become smaller on the disk.
        const bytes = crypto.getRandomValues(new Uint8Array(60_000))
        const data = Array.from({ length: 30 }, (_, i) => `${i}${Array.from(bytes).join()}`)
        cache.keep({ type: `large-${n}`, data, id: '' })
        await cache.flush()
      }
      return { codes, size: cache.size }
    })
    expect(found).toEqual({ codes: ['HL_CLIENT_CACHE_FAILED'], size: 4 })
  })
})
