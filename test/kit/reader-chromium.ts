import { existsSync } from 'node:fs'
import { chromium, type Browser, type Page } from 'playwright-core'
import type { Reader, ReaderHandler, ReceivedEvent } from './reader.ts'

const CHROMIUM = '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const POLL_MS = 200

interface PageState {
  opens: number
  events: ReceivedEvent[]
  readonly source: EventSource
}

/** Undefined when there is a browser, else a sentence for a person. */
export function chromiumMissing(): string | undefined {
  return existsSync(CHROMIUM) ? undefined : `${CHROMIUM} is missing: install Debian's chromium`
}

/** Chromium's own `EventSource`, in a page of the hub's origin. Nothing of ours runs in it. */
export class ChromiumReader implements Reader {
  readonly name = 'chromium'
  connects = 0
  readyState = 0
  readonly #browser: Browser
  readonly #page: Page
  readonly #handler: ReaderHandler
  readonly #timer: NodeJS.Timeout
  #reading: Promise<void> | undefined

  constructor(browser: Browser, page: Page, handler: ReaderHandler) {
    this.#browser = browser
    this.#page = page
    this.#handler = handler
    this.#timer = setInterval(() => {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = undefined
      })
    }, POLL_MS)
  }

  get version(): string {
    return this.#browser.version()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#reading
    await this.#browser.close()
  }

  async #read(): Promise<void> {
    const seen = await this.#page.evaluate(() => {
      const state = (globalThis as unknown as { heartlineTest: PageState }).heartlineTest
      return {
        opens: state.opens,
        readyState: state.source.readyState,
        events: state.events.splice(0),
      }
    })
    this.connects = seen.opens
    this.readyState = seen.readyState
    for (const event of seen.events) this.#handler.onEvent(event)
  }
}

export async function openChromiumReader(
  url: string,
  handler: ReaderHandler,
): Promise<ChromiumReader> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS })
  try {
    const page = await browser.newPage()
    await openBlankPage(page, new URL(url).origin)
    await page.evaluate(followStream, url)
    return new ChromiumReader(browser, page, handler)
  } catch (error) {
    await browser.close()
    throw error
  }
}

/** A page of the hub's origin that has no content policy and asks the hub for nothing. */
async function openBlankPage(page: Page, origin: string): Promise<void> {
  const address = `${origin}/blank-page-of-the-test`
  const blank = { contentType: 'text/html', body: '<!doctype html><title>reader</title>' }
  await page.route(address, (route) => route.fulfill(blank))
  await page.goto(address)
  await page.unroute(address)
}

/** Runs inside the page: no name but its own and the browser's, nor one that a compiler adds. */
function followStream(url: string): void {
  const source = new EventSource(url)
  const events: ReceivedEvent[] = []
  const state: PageState = { opens: 0, events, source }
  Object.assign(globalThis, { heartlineTest: state })
  source.addEventListener('open', () => {
    state.opens++
  })
  for (const type of ['message', 'heartline.gap']) {
    source.addEventListener(type, (event) => {
      const { data, lastEventId } = event as MessageEvent<string>
      events.push({ type, data, id: lastEventId })
    })
  }
}
