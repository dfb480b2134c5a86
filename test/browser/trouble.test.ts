import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sleep, waitFor } from '../kit/wait-for.ts'
import { browserMissing, launch } from '../kit/chromium.ts'
import { Numbers } from './kit/browser.ts'
import type { Kept } from './kit/site.ts'
import { expectAll, Stage } from './kit/stage.ts'
import type { Tab } from './kit/tab.ts'
import { WAYS } from './kit/ways.ts'

declare const window: Window & Kept

const missing = browserMissing()

describe.skipIf(missing !== undefined)('trouble of tabs', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  describe.each(WAYS)('that share with %s', (_, options) => {
    test('are offline together, say so, and catch up', async () => {
      const stage = await Stage.set(browser)
      const numbers = new Numbers(stage.site, ['n'])
      const tabs = await stage.openTabs([['n'], ['n']], options)
      await tabs[0]?.untilSeen(numbers.last + 20)
      await stage.context.setOffline(true)
      stage.site.cut()
      const isOffline = async (tab: Tab): Promise<boolean> =>
        ['offline', 'waiting'].includes(await tab.state())
      for (const tab of tabs) await waitFor(() => isOffline(tab), { what: 'the tab is offline' })
      await sleep(500)
      await stage.context.setOffline(false)
      for (const tab of tabs) await tab.untilSeen(numbers.last)
      const last = await numbers.stop()
      for (const tab of tabs) await expectAll(tab, last)
      await stage.untilShared()
    })

    test.each(['sessionStorageStore', 'indexedDbStore'])(
      'go on after a reload, with %s',
      async (store) => {
        const stage = await Stage.set(browser)
        const numbers = new Numbers(stage.site, ['n'])
        const [first, second] = await stage.openTabs([['n'], ['n']], options)
        const third = await stage.open()
        await third.read(['n'], { ...options, store })
        await third.untilSeen(numbers.last + 20)
        const before = await third.seen()
        await third.page.reload()
        await third.load()
        await sleep(300)
        await third.read(['n'], { ...options, store })
        await third.untilSeen(numbers.last + 20)
        const last = await numbers.stop()
        await expectAll(third, last)
        const [again = 0] = await third.seen()
        // Not everything that was seen was saved yet, but what was saved is there.
        expect(again).toBeGreaterThan(before[0] ?? 0)
        expect(again).toBeLessThan(numbers.last)
        await expectAll(first, last)
        await expectAll(second, last)
        await stage.untilShared()
      },
    )
  })

  test('a tab that hangs with the connection of all does not hold them up', async () => {
    const stage = await Stage.set(browser)
    const numbers = new Numbers(stage.site, ['n'])
    const [first, second] = await stage.openTabs([['n'], ['n']])
    await second?.untilSeen(numbers.last + 10)
    let isHanging = true
    const hanging = first?.page
      .evaluate(() => {
        const until = Date.now() + 35_000
        while (Date.now() < until);
      })
      .finally(() => (isHanging = false))
    // It is asked after 10 s and waited for another 3; nobody answers the request for 1.5.
    await sleep(15_000)
    await second?.untilSeen(numbers.last + 10)
    expect(isHanging).toBe(true)
    await hanging
    const last = await numbers.stop()
    await expectAll(second, last)
    await expectAll(first, last)
    await stage.untilShared()
  }, 90_000)

  test.each([
    ['cannot be loaded', '/missing.js'],
    ['is of another origin', 'https://example.invalid/worker.js'],
  ])('a shared worker that %s is done without', async (_, worker) => {
    const stage = await Stage.set(browser)
    const numbers = new Numbers(stage.site, ['n'])
    const [first, second] = await stage.openTabs([['n'], ['n']], { worker })
    await second?.untilSeen(numbers.last + 20)
    const last = await numbers.stop()
    await expectAll(first, last)
    await expectAll(second, last)
  })

  test.each([
    [
      'is denied',
      () =>
        (window.indexedDB.open = () => {
          throw new DOMException('no', 'SecurityError')
        }),
    ],
    [
      'is full',
      () =>
        (IDBObjectStore.prototype.put = () => {
          throw new DOMException('full', 'QuotaExceededError')
        }),
    ],
  ])(
    'a store that %s is reported, and events go on',
    async (_, spoil) => {
      const stage = await Stage.set(browser)
      const numbers = new Numbers(stage.site, ['n'])
      const tab = await stage.open()
      await tab.page.evaluate(spoil)
      await tab.read(['n'], { store: 'indexedDbStore' })
      await tab.untilSeen(numbers.last + 20)
      await expectAll(tab, await numbers.stop())
      expect(await tab.page.evaluate(() => window.errors)).toContain('HL_CLIENT_STORE_FAILED')
      // Longer than the waits in it, which tell what did not come.
    },
    90_000,
  )
})
