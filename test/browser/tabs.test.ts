import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { waitFor } from '../kit/wait-for.ts'
import { browserMissing, launch } from '../kit/chromium.ts'
import { Numbers } from './kit/browser.ts'
import type { Kept, SiteOptions } from './kit/site.ts'
import { expectAll, Stage } from './kit/stage.ts'
import { WAYS } from './kit/ways.ts'

declare const window: Window & Kept

const missing = browserMissing()

describe.skipIf(missing !== undefined)('tabs', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  const set = (options: SiteOptions = {}): Promise<Stage> => Stage.set(browser, options)

  describe.each(WAYS)('with %s', (_, options) => {
    test('share one stream, each with its own topics', async () => {
      const stage = await set()
      const [one, two, three] = await stage.openTabs([['a'], ['b/*'], ['a', 'b/c']], options)
      // For a moment there is one stream of those who shared before.
      await waitFor(() => JSON.stringify(stage.site.selectors) === '[["a","b/*","b/c"]]', {
        what: 'all share one stream',
        report: () => JSON.stringify(stage.site.selectors),
      })
      await stage.site.publish('a', 1)
      await stage.site.publish('b/c', 2)
      await stage.site.publish('b/d', 3)
      await stage.site.publish('a', 4)
      await three?.untilSeen(4)
      await two?.untilSeen(3)
      await one?.untilSeen(4)
      expect(await one?.seen()).toEqual([1, 4])
      expect(await two?.seen()).toEqual([2, 3])
      expect(await three?.seen()).toEqual([1, 2, 4])
    })

    test('read for themselves when their topics are too many for one stream, and stay so', async () => {
      const stage = await set()
      const topicsOf = (name: string): string[] =>
        Array.from({ length: 60 }, (_, n) => `${name}/${n}`)
      const tabs = []
      for (const name of ['a', 'b']) {
        const tab = await stage.open()
        await tab.read(topicsOf(name), options)
        await tab.untilOpen()
        tabs.push(tab)
      }
      const together = (): number =>
        stage.site.asked.filter(({ url = '' }) => url.split('topic=').length > 100).length
      await waitFor(() => together() === 1, { what: 'both were tried together' })
      await stage.untilShared(2)
      await stage.site.publish('a/1', 1)
      await stage.site.publish('b/1', 2)
      await tabs[0]?.untilSeen(1)
      await tabs[1]?.untilSeen(2)
      for (const tab of tabs) expect(await tab.state()).toBe('open')
      expect(await tabs[0]?.seen()).toEqual([1])
      expect(await tabs[1]?.seen()).toEqual([2])
      expect(together()).toBe(1)
    })

    test('come and go under a stream of events, and nobody misses one', async () => {
      const stage = await set()
      const numbers = new Numbers(stage.site, ['n'])
      const [first, second] = await stage.openTabs([['n'], ['n']], options)
      const third = await stage.open()
      await third.read(['n'], options)
      await third.untilSeen(numbers.last + 20)
      await first?.close()
      await third.untilSeen(numbers.last + 50)
      await stage.untilShared()
      const last = await numbers.stop()
      await expectAll(second, last)
      await expectAll(third, last)
    })

    test('live through the crash of one after the other', async () => {
      const stage = await set()
      const numbers = new Numbers(stage.site, ['n'])
      const [first, second, third] = await stage.openTabs([['n'], ['n'], ['n']], options)
      await second?.untilSeen(numbers.last + 10)
      await first?.crash()
      await second?.untilSeen(numbers.last + 50)
      await stage.untilShared()
      await second?.crash()
      await third?.untilSeen(numbers.last + 50)
      await stage.untilShared()
      await expectAll(third, await numbers.stop())
    })

    test('come back together when their stream is cut', async () => {
      const stage = await set()
      const numbers = new Numbers(stage.site, ['n', 'm'])
      const tabs = await stage.openTabs([['n', 'm'], ['n', 'm'], ['*']], options)
      for (let cuts = 0; cuts < 3; cuts++) {
        await tabs[0]?.untilSeen(numbers.last + 20)
        stage.site.cut()
      }
      await tabs[0]?.untilSeen(numbers.last + 20)
      const last = await numbers.stop()
      for (const tab of tabs) await expectAll(tab, last)
      await stage.untilShared()
    })

    test('are not disturbed by one that asks for what it may not have', async () => {
      const stage = await set()
      const numbers = new Numbers(stage.site, ['n'])
      const [first, second] = await stage.openTabs([['n'], ['n']], options)
      const asked = stage.site.asked.length
      const wrong = await stage.open()
      await wrong.read(['n', 'a/**/b'], options)
      await waitFor(async () => (await wrong.state()) === 'closed', { what: 'it is refused' })
      const error = await wrong.page.evaluate(() => window.client.state.lastError.code)
      expect(error).toBe('HL_CLIENT_REFUSED')
      expect(stage.site.asked).toHaveLength(asked + 1)
      await first?.untilSeen(numbers.last + 20)
      const last = await numbers.stop()
      await expectAll(first, last)
      await expectAll(second, last)
    })

    test('that are all refused give up, each after it asked for itself', async () => {
      const stage = await set()
      const tabs = await Promise.all([stage.open(), stage.open()])
      for (const tab of tabs) await tab.read(['a/**/b'], options)
      for (const tab of tabs) {
        await waitFor(async () => (await tab.state()) === 'closed', { what: 'it is refused' })
        const error = await tab.page.evaluate(() => window.client.state.lastError.code)
        expect(error).toBe('HL_CLIENT_REFUSED')
      }
      expect(stage.site.asked.length).toBeLessThanOrEqual(4)
    })

    test('of different people share nothing', async () => {
      const stage = await set()
      const people: object[] = [
        { identity: 'ann' },
        { identity: 'bob' },
        { headers: { 'x-who': 'cid' } },
        { token: 'of dora' },
      ]
      for (const who of people) {
        const tab = await stage.open()
        await tab.read(['n'], { ...options, ...who })
        await tab.untilOpen()
      }
      await stage.untilShared(people.length)
      const another = await stage.open()
      await another.read(['n'], { ...options, identity: 'ann' })
      await another.untilOpen()
      await stage.untilShared(people.length)
    })

    test('leave nothing behind, and forget the topics of one that crashed', async () => {
      const stage = await set()
      const [first, second] = await stage.openTabs([['a'], ['b']], options)
      await second?.crash()
      await waitFor(() => stage.site.selectors.length === 1, { what: 'one is left' })
      // Topics are given up with the next request: none is made for less.
      await waitFor(
        async () => {
          stage.site.cut()
          await first?.untilOpen()
          return JSON.stringify(stage.site.selectors) === '[["a"]]'
        },
        { what: 'only a is asked for', everyMs: 300 },
      )
      await first?.close()
      await stage.untilShared(0)
    })
  })
})
