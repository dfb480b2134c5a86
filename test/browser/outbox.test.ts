import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { browserMissing, launch } from '../kit/chromium.ts'
import { waitFor } from '../kit/wait-for.ts'
import type { DrivenTab } from './kit/browser.ts'
import { PlainBrowser, type PlainTab } from './kit/plain-browser.ts'
import { Site } from './kit/site.ts'
import { Stage } from './kit/stage.ts'
import type { Tab } from './kit/tab.ts'

const missing = browserMissing()

/** A client of the page with a durable queue. */
const OPEN = `void (window.client = lib.createClient({
  url: '/v1/events?topic=none', outbox: lib.indexedDbOutbox('q'),
}), client.onError((error) => errors.push(error.code)), window.results = [], client.connect())`

/** Publishes the numbers, one call each, and does not wait for answers. */
const publish = (from: number, to: number, name = ''): string => `void (() => {
  for (let n = ${from}; n <= ${to}; n++) {
    const data = ${JSON.stringify(name)} + n
    client.publish({ topic: 'q', data }).then(([{ duplicate }]) => results.push([data, duplicate]),
      (error) => errors.push(error.code))
  }
})()`

/** How many entries the queue holds. Opening what is not there would make it, without a table. */
const KEPT = `indexedDB.databases().then((all) => all.some(({ name }) => name === 'heartline-outbox-q')
  ? new Promise((resolve, reject) => {
    const opening = indexedDB.open('heartline-outbox-q')
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const counting = opening.result.transaction('entries').objectStore('entries').count()
      counting.onsuccess = () => (opening.result.close(), resolve(counting.result))
    }
  }) : 0)`

const numbers = (from: number, to: number, name = ''): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `${name}${from + n}`)

const ofName = (stored: readonly unknown[], name: string): unknown[] =>
  stored.filter((data) => String(data).startsWith(name))

async function untilKept(tab: Tab, count: number): Promise<void> {
  let kept: unknown
  await waitFor(async () => (kept = await tab.look(KEPT)) === count, {
    what: `${count} entries are kept`,
    report: () => String(kept),
  })
}

async function untilStored(site: Site, count: number): Promise<void> {
  await waitFor(async () => (await site.stored('q')).length >= count, {
    what: `${count} events are stored`,
  })
}

/** The names of locks that tabs hold. */
const HELD = `navigator.locks.query().then(({ held }) => held.map(({ name }) => name))`

/** The looks for what others left are over: a page cached in the middle of one may be thrown out. */
async function untilAtRest(tab: Tab, site: Site): Promise<void> {
  await tab.untilOpen()
  // One may have been on its way when the stream opened; before the next comes a look.
  const { posts } = site
  const isAtRest = async (): Promise<boolean> =>
    site.posts > posts + 1 && ((await tab.look(HELD)) as string[]).length === 1
  await waitFor(isAtRest, { what: 'it holds nothing but its own lock' })
}

interface FullSite {
  readonly site: Site
  readonly chromium: PlainBrowser
  readonly tab: PlainTab
}

/** A page with a client, in a browser that caches pages, on a site that stores nothing for now. */
async function openAtFullSite(): Promise<FullSite> {
  const site = await Site.start()
  const chromium = await PlainBrowser.launch()
  onTestFinished(async () => {
    await chromium.close()
    await site.stop()
  })
  site.isFull = true
  const tab = await chromium.open(site)
  await tab.look(OPEN)
  return { site, chromium, tab }
}

describe.skipIf(missing !== undefined)('what a page publishes', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  async function openTabs(stage: Stage, count: number): Promise<DrivenTab[]> {
    const tabs: DrivenTab[] = []
    for (let n = 0; n < count; n++) {
      const tab = await stage.open()
      await tab.look(OPEN)
      tabs.push(tab)
    }
    for (const tab of tabs) await tab.untilOpen()
    return tabs
  }

  test('without a network is sent by the page that is loaded next, once and in order', async () => {
    const stage = await Stage.set(browser)
    const [tab] = await openTabs(stage, 1)
    if (tab === undefined) return
    await stage.context.setOffline(true)
    await tab.look(publish(1, 60))
    await untilKept(tab, 60)
    stage.site.postMs = 50
    await stage.context.setOffline(false)
    await untilStored(stage.site, 5)
    await tab.page.reload()
    await tab.load()
    expect((await stage.site.stored('q')).length).toBeLessThan(60)
    stage.site.postMs = 0
    await tab.look(OPEN)
    await tab.look(publish(61, 70))
    await untilStored(stage.site, 70)
    await untilKept(tab, 0)
    expect(await stage.site.stored('q')).toEqual(numbers(1, 70))
    expect(await tab.look('errors')).toEqual([])
  })

  test('by several tabs with one queue is sent by the tab that published it, once', async () => {
    const stage = await Stage.set(browser)
    const [one, two] = await openTabs(stage, 2)
    await stage.context.setOffline(true)
    await one?.look(publish(1, 30, 'a'))
    await two?.look(publish(1, 30, 'b'))
    if (one !== undefined) await untilKept(one, 60)
    await stage.context.setOffline(false)
    const three = await stage.open()
    await three.look(OPEN)
    await three.look(publish(1, 10, 'c'))
    await untilStored(stage.site, 70)
    await untilKept(three, 0)
    const stored = await stage.site.stored('q')
    expect(stored).toHaveLength(70)
    for (const [name, last] of [
      ['a', 30],
      ['b', 30],
      ['c', 10],
    ] as const) {
      expect(ofName(stored, name)).toEqual(numbers(1, last, name))
    }
    for (const tab of [one, two, three]) {
      const results = (await tab?.look('results')) as [string, boolean][]
      expect(results.filter(([, duplicate]) => duplicate)).toEqual([])
    }
    expect(stage.site.posts).toBe(70)
  })

  test('by a tab that is closed is sent by one that is there when it connects again', async () => {
    const stage = await Stage.set(browser)
    const [one, two] = await openTabs(stage, 2)
    await stage.context.setOffline(true)
    await one?.look(publish(1, 20, 'a'))
    await two?.look(publish(1, 20, 'b'))
    if (one !== undefined) await untilKept(one, 40)
    await one?.close()
    await stage.context.setOffline(false)
    stage.site.cut()
    await untilStored(stage.site, 40)
    const stored = await stage.site.stored('q')
    for (const name of ['a', 'b']) expect(ofName(stored, name)).toEqual(numbers(1, 20, name))
    if (two !== undefined) await untilKept(two, 0)
    expect(await stage.site.stored('q')).toHaveLength(40)
  })

  test('waits in no back/forward cache: the next page sends it, and the page learns of it', async () => {
    const { site, tab } = await openAtFullSite()
    await tab.look(publish(1, 5, 'a'))
    await untilKept(tab, 5)
    await untilAtRest(tab, site)
    await tab.show()
    await tab.leave()
    await tab.load()
    expect(await tab.look(HELD)).toEqual([])
    site.isFull = false
    await tab.look(OPEN)
    await untilStored(site, 5)
    await untilKept(tab, 0)
    await tab.goBack()
    expect(await tab.life(), await tab.whyNotCached()).toContain('pageshow persisted')
    await waitFor(async () => (await tab.look('results.length')) === 5, { what: 'it is told' })
    expect(await tab.look('results')).toEqual(numbers(1, 5, 'a').map((data) => [data, true]))
    await tab.look(publish(6, 8, 'a'))
    await waitFor(async () => (await tab.look('results.length')) === 8, { what: 'it goes on' })
    expect(await site.stored('q')).toEqual(numbers(1, 8, 'a'))
    expect(await tab.look('errors')).toEqual([])
    await untilKept(tab, 0)
    expect(await tab.look(HELD)).toEqual([])
  })

  test('waits out the back/forward cache with its page when nobody else is there', async () => {
    const { site, chromium, tab } = await openAtFullSite()
    await tab.look(publish(1, 5))
    await untilKept(tab, 5)
    await untilAtRest(tab, site)
    await tab.show()
    await tab.leave()
    await tab.goBack()
    expect(await tab.life(), await tab.whyNotCached()).toContain('pageshow persisted')
    await tab.look(publish(6, 8))
    await untilKept(tab, 8)
    const other = await chromium.open(site)
    await other.look(OPEN)
    await other.untilOpen()
    site.isFull = false
    await untilStored(site, 8)
    await untilKept(tab, 0)
    expect(await site.stored('q')).toEqual(numbers(1, 8))
    const results = (await tab.look('results')) as unknown[]
    expect(results).toEqual(numbers(1, 8).map((data) => [data, false]))
    expect(await tab.look('errors')).toEqual([])
  })

  test('goes out without a queue that is full, and that is reported', async () => {
    const stage = await Stage.set(browser)
    const [tab] = await openTabs(stage, 1)
    await tab?.look(`void (IDBObjectStore.prototype.add = () => {
      throw new DOMException('full', 'QuotaExceededError') })`)
    await tab?.look(publish(1, 5))
    await untilStored(stage.site, 5)
    expect(await stage.site.stored('q')).toEqual(numbers(1, 5))
    expect(new Set((await tab?.look('errors')) as string[])).toEqual(
      new Set(['HL_CLIENT_STORE_FAILED']),
    )
  })

  test('survives kill -9 of the browser in the middle', async () => {
    const site = await Site.start()
    const before = await PlainBrowser.launch()
    onTestFinished(async () => void (await before.kill()))
    try {
      const tab = await before.open(site)
      await tab.look(OPEN)
      await tab.untilOpen()
      site.postMs = 50
      await tab.look(publish(1, 80))
      const isKept = async (): Promise<boolean> =>
        Number(await tab.look(KEPT)) + (await site.stored('q')).length >= 80
      await waitFor(isKept, { what: 'everything is kept or stored' })
      await untilStored(site, 10)
      const folder = await before.kill()
      const stored = (await site.stored('q')).length
      expect(stored).toBeLessThan(80)
      const after = await PlainBrowser.launch(folder)
      try {
        site.postMs = 0
        const next = await after.open(site)
        await next.look(OPEN)
        await next.look(publish(81, 85))
        await untilStored(site, 85)
        await untilKept(next, 0)
        expect(await site.stored('q')).toEqual(numbers(1, 85))
      } finally {
        await after.close()
      }
    } finally {
      await site.stop()
    }
  }, 90_000)
})
