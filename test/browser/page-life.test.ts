import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sleep, waitFor } from '../kit/wait-for.ts'
import { browserMissing, launch, Numbers, type Tab } from './kit/browser.ts'
import type { Kept } from './kit/site.ts'
import { expectAll, Stage } from './kit/stage.ts'

declare const window: Window & Kept

const missing = browserMissing()

describe.skipIf(missing !== undefined)('the life of pages', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  const lifeOf = (tab: Tab | undefined): Promise<string[] | undefined> | undefined =>
    tab?.page.evaluate(() => window.life)

  async function leave(stage: Stage, tab: Tab | undefined): Promise<void> {
    await tab?.page.goto(`${stage.site.url}/elsewhere`)
  }

  async function goBack(tab: Tab | undefined): Promise<void> {
    await tab?.page.goBack()
    expect(await lifeOf(tab)).toContain('pageshow persisted')
  }

  describe.each([
    ['a lock and a channel', {}],
    ['a shared worker', { worker: '/worker.js' }],
  ])('that share with %s', (_, options) => {
    test('go into the back/forward cache and come back without a loss', async () => {
      const stage = await Stage.set(browser)
      const numbers = new Numbers(stage.site, ['n'])
      const [first, second] = await stage.openTabs([['n'], ['n']], options)
      for (const tab of [first, second]) {
        const other = tab === first ? second : first
        await tab?.untilSeen(numbers.last + 20)
        await leave(stage, tab)
        await other?.untilSeen(numbers.last + 50)
        await stage.untilShared()
        await goBack(tab)
        await tab?.untilSeen(numbers.last + 20)
        await stage.untilShared()
      }
      const last = await numbers.stop()
      await expectAll(first, last)
      await expectAll(second, last)
    })

    test('are frozen and resumed without a loss', async () => {
      const stage = await Stage.set(browser)
      const numbers = new Numbers(stage.site, ['n'])
      const [first, second] = await stage.openTabs([['n'], ['n']], options)
      await first?.untilSeen(numbers.last + 20)
      await first?.freeze()
      await second?.untilSeen(numbers.last + 100)
      await stage.untilShared()
      await first?.resume()
      await first?.untilSeen(numbers.last + 20)
      await stage.untilShared()
      const last = await numbers.stop()
      expect(await lifeOf(first)).toEqual(expect.arrayContaining(['freeze', 'resume']))
      await expectAll(first, last)
      await expectAll(second, last)
    })

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
    const hanging = first?.page.evaluate(() => {
      const until = Date.now() + 22_000
      while (Date.now() < until);
    })
    await second?.untilSeen(numbers.last + 2500)
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

  test('a page with a client of its own holds no stream in the cache, and goes on', async () => {
    const stage = await Stage.set(browser)
    const numbers = new Numbers(stage.site, ['n'])
    const tab = await stage.open()
    await tab.page.evaluate(() => {
      window.client = window.lib.createClient({ url: '/v1/events?topic=n' })
      window.client.on('message', ({ n }: { n: number }) => window.seen.push(n))
    })
    await tab.untilSeen(numbers.last + 20)
    await leave(stage, tab)
    await stage.untilShared(0)
    await goBack(tab)
    await tab.untilSeen(numbers.last + 20)
    await expectAll(tab, await numbers.stop())
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
  ])('a store that %s is reported, and events go on', async (_, spoil) => {
    const stage = await Stage.set(browser)
    const numbers = new Numbers(stage.site, ['n'])
    const tab = await stage.open()
    await tab.page.evaluate(spoil)
    await tab.read(['n'], { store: 'indexedDbStore' })
    await tab.untilSeen(numbers.last + 20)
    await expectAll(tab, await numbers.stop())
    expect(await tab.page.evaluate(() => window.errors)).toContain('HL_CLIENT_STORE_FAILED')
  })
})
