import type { Browser, BrowserContext } from 'playwright-core'
import { expect, onTestFinished } from 'vitest'
import { waitFor } from '../../kit/wait-for.ts'
import { DrivenTab, eachOnce } from './browser.ts'
import { Site, type SiteOptions } from './site.ts'
import type { Tab } from './tab.ts'

/** A site, and a person's browser for it. It ends with the test. */
export class Stage {
  readonly site: Site
  readonly context: BrowserContext

  constructor(site: Site, context: BrowserContext) {
    this.site = site
    this.context = context
  }

  static async set(browser: Browser, options: SiteOptions = {}): Promise<Stage> {
    const site = await Site.start(options)
    const context = await browser.newContext()
    onTestFinished(async () => {
      await context.close()
      await site.stop()
    })
    return new Stage(site, context)
  }

  open(): Promise<DrivenTab> {
    return DrivenTab.open(this.context, this.site)
  }

  /** A tab for each list of topics, one after the other, until all share one stream. */
  async openTabs(
    topics: readonly (readonly string[])[],
    options: object = {},
  ): Promise<DrivenTab[]> {
    const tabs: DrivenTab[] = []
    for (const each of topics) {
      const tab = await this.open()
      await tab.read(each, options)
      await tab.untilOpen()
      tabs.push(tab)
    }
    await this.untilShared()
    return tabs
  }

  untilShared(streams = 1): Promise<void> {
    return untilStreams(this.site, streams)
  }
}

/** Waits until so many streams are open at the hub. */
export async function untilStreams(site: Site, streams: number): Promise<void> {
  await waitFor(() => site.sessions === streams, {
    what: `there are ${streams} streams`,
    report: () => JSON.stringify(site.selectors),
  })
}

/** Every number from the first that a tab saw to this one is with it, once and in order. */
export async function expectAll(tab: Tab | undefined, last: number): Promise<void> {
  await tab?.untilSeen(last)
  const seen = (await tab?.seen()) ?? []
  expect(seen.length).toBeGreaterThan(10)
  expect(seen).toEqual(eachOnce(seen, last))
  expect(await tab?.gaps()).toEqual([])
}
