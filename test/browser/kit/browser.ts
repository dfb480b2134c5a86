import type { BrowserContext, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import type { Site } from './site.ts'
import { Tab } from './tab.ts'

/** A tab that Playwright drives. */
export class DrivenTab extends Tab {
  readonly page: Page

  constructor(page: Page) {
    super((expression) => page.evaluate(expression))
    this.page = page
  }

  static async open(context: BrowserContext, site: Site): Promise<DrivenTab> {
    const page = await context.newPage()
    await page.goto(site.url)
    const tab = new DrivenTab(page)
    await tab.load()
    return tab
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
