import {
  chromium,
  type Browser,
  type BrowserContext,
  type CDPSession,
  type Page,
} from 'playwright-core'
import { onTestFinished } from 'vitest'
import { chromiumMissing } from '../../kit/reader-chromium.ts'
import { waitFor } from '../../kit/wait-for.ts'
import type { Kept, Site } from './site.ts'

declare const window: Window & Kept

/** A sentence for a person when there is no browser. In CI it throws. */
export function browserMissing(): string | undefined {
  const missing = chromiumMissing()
  if (missing !== undefined && process.env['CI'] !== undefined) throw new Error(missing)
  return missing
}

/** Debian's Chromium, which keeps pages in its back/forward cache as for a person. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-sync'],
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
}

/** One tab of a site, and what it read. */
export class Tab {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  /** @param path Of the site. Default `/`. */
  static async open(context: BrowserContext, site: Site, path = '/'): Promise<Tab> {
    const page = await context.newPage()
    await page.goto(site.url + path)
    const tab = new Tab(page)
    await tab.load()
    return tab
  }

  async load(): Promise<void> {
    await this.page.waitForFunction(() => window.lib !== undefined)
  }

  async read(topics: readonly string[], options: object = {}): Promise<void> {
    await this.page.evaluate(([asked, more]) => window.read(asked, more), [
      topics,
      options,
    ] as const)
  }

  seen(): Promise<number[]> {
    return this.page.evaluate(() => window.seen)
  }

  gaps(): Promise<unknown[]> {
    return this.page.evaluate(() => window.gaps)
  }

  state(): Promise<string> {
    return this.page.evaluate(() => window.client.state.name)
  }

  async untilOpen(): Promise<void> {
    await waitFor(async () => (await this.state()) === 'open', { what: 'the tab is open' })
  }

  async untilSeen(n: number): Promise<void> {
    let last: number[] = []
    await waitFor(async () => (last = await this.seen()).includes(n), {
      what: `the tab sees ${n}`,
      report: () => `the last it saw is ${last.at(-1)} of ${last.length}`,
    })
  }

  async devtools(): Promise<CDPSession> {
    return this.page.context().newCDPSession(this.page)
  }

  /** As the browser does with a tab that is hidden for long. */
  async freeze(): Promise<void> {
    const devtools = await this.devtools()
    await devtools.send('Page.setWebLifecycleState', { state: 'frozen' })
  }

  async resume(): Promise<void> {
    const devtools = await this.devtools()
    await devtools.send('Page.setWebLifecycleState', { state: 'active' })
  }

  /** Kills the process of the tab. */
  async crash(): Promise<void> {
    const crashed = this.page.waitForEvent('crash')
    await Promise.all([crashed, this.page.goto('chrome://crash').catch(() => {})])
  }

  close(): Promise<void> {
    return this.page.close()
  }
}

/** Publishes 1, 2, 3, … until it is stopped. */
export class Numbers {
  last = 0
  readonly #site: Site
  readonly #topics: readonly string[]
  readonly #running: Promise<void>
  #isStopped = false

  constructor(site: Site, topics: readonly string[], everyMs = 5) {
    this.#site = site
    this.#topics = topics
    this.#running = this.#run(everyMs)
    onTestFinished(() => this.stop().then(() => {}))
  }

  /** @returns The last number, which is published. */
  async stop(): Promise<number> {
    this.#isStopped = true
    await this.#running
    return this.last
  }

  async #run(everyMs: number): Promise<void> {
    while (!this.#isStopped) {
      const n = this.last + 1
      await this.#site.publish(this.#topics[n % this.#topics.length] as string, n)
      this.last = n
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }
}

/** The numbers from the first that was seen to the last, each once. */
export function eachOnce(seen: readonly number[], last: number, step = 1): number[] {
  const [first = last] = seen
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, n) => first + n * step)
}
