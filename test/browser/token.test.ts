import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserMissing, launch } from '../kit/chromium.ts'
import { inSeconds, makeToken, TEST_SECRET } from '../kit/token.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'
import { type DrivenTab, Numbers } from './kit/browser.ts'
import type { Kept } from './kit/site.ts'
import { expectAll, Stage } from './kit/stage.ts'
import { WAYS } from './kit/ways.ts'

declare const window: Window & Kept & { kept?: Promise<string>; tokenFor(): Promise<string> }

const missing = browserMissing()

const tokenFor = (seconds: number): string =>
  makeToken({
    claims: { sub: 'ann', exp: inSeconds(seconds), heartline: { subscribe: ['**'] } },
  })

/** Tabs of one person, each with a function that keeps its token until it is asked for another. */
class Tokens {
  /** How long new ones live. */
  seconds = 600
  /** How often there was a new one. */
  made = 0
  readonly #stage: Stage
  readonly #options: object

  constructor(stage: Stage, options: object) {
    this.#stage = stage
    this.#options = options
  }

  async open(): Promise<DrivenTab> {
    const tab = await this.#stage.open()
    await tab.page.exposeFunction('tokenFor', () => {
      this.made++
      return tokenFor(this.seconds)
    })
    await tab.page.evaluate((options) => {
      const token = ({ refresh }: { refresh: boolean }): Promise<string> => {
        if (refresh || window.kept === undefined) window.kept = window.tokenFor()
        return window.kept
      }
      window.read(['n'], { ...options, identity: 'ann', token })
    }, this.#options)
    return tab
  }

  async openSome(count: number): Promise<DrivenTab[]> {
    const tabs: DrivenTab[] = []
    for (let n = 0; n < count; n++) {
      const tab = await this.open()
      await tab.untilOpen()
      tabs.push(tab)
    }
    await this.#stage.untilShared()
    return tabs
  }
}

describe.skipIf(missing !== undefined)('tokens of tabs that share', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  const set = (): Promise<Stage> =>
    Stage.set(browser, { flags: { 'auth.keys.secret': TEST_SECRET } })

  describe.each(WAYS)('with %s', (_, options) => {
    test('end again and again: one of the tabs gives another, and the stream goes on', async () => {
      const stage = await set()
      const numbers = new Numbers(stage.site, ['n'])
      const tokens = new Tokens(stage, options)
      tokens.seconds = 3
      const tabs = await tokens.openSome(3)
      const streams = stage.site.asked.length
      const { made } = tokens
      await waitFor(() => stage.site.asked.length >= streams + 2, {
        what: 'the stream was renewed twice',
      })
      const renewed = stage.site.asked.length - streams
      // One token for each stream, and not one for each tab.
      expect(tokens.made - made).toBeLessThanOrEqual(renewed)
      const last = await numbers.stop()
      for (const tab of tabs) await expectAll(tab, last)
      await stage.untilShared()
    })

    test('that is refused: another is asked for, once, and the stream goes on', async () => {
      const stage = await set()
      const numbers = new Numbers(stage.site, ['n'])
      const tokens = new Tokens(stage, options)
      const tabs = await tokens.openSome(3)
      for (const tab of tabs) {
        await tab.page.evaluate(
          (stale) => void (window.kept = Promise.resolve(stale)),
          tokenFor(-600),
        )
      }
      const streams = stage.site.asked.length
      const { made } = tokens
      await tabs[2]?.untilSeen(numbers.last + 10)
      stage.site.cut()
      for (const tab of tabs) await tab.untilSeen(numbers.last + 10)
      expect([tokens.made - made, stage.site.asked.length - streams]).toEqual([1, 2])
      const places = stage.site.asked.slice(-2).map(({ headers }) => headers['last-event-id'])
      expect(places[0]).toMatch(/^1\./)
      expect(places[1]).toBe(places[0])
      const last = await numbers.stop()
      for (const tab of tabs) await expectAll(tab, last)
      await stage.untilShared()
    })

    test('that are refused for good: every tab says so, and nobody asks again', async () => {
      const stage = await set()
      const tokens = new Tokens(stage, options)
      tokens.seconds = -600
      const tabs = await Promise.all([tokens.open(), tokens.open(), tokens.open()])
      for (const tab of tabs) {
        await waitFor(async () => (await tab.state()) === 'closed', { what: 'the tab gives up' })
        const status = await tab.page.evaluate(() => window.client.state.lastError.details.status)
        expect(status).toBe(401)
      }
      const requests = stage.site.asked.length
      // Twice each for itself, and twice for all by each that came to lead, on a busy machine again.
      expect(requests).toBeLessThanOrEqual(24)
      await sleep(1500)
      expect(stage.site.asked).toHaveLength(requests)
    })
  })

  test('a shared worker does not wait for a tab again that gave it none', async () => {
    const stage = await set()
    const numbers = new Numbers(stage.site, ['n'])
    const tabs = await new Tokens(stage, { worker: '/worker.js' }).openSome(4)
    for (const tab of tabs.slice(1)) {
      // It is there, and its function never returns.
      await tab.page.evaluate(() => void (window.kept = new Promise(() => {})))
    }
    stage.site.cut()
    const next = numbers.last + 10
    await waitFor(async () => (await tabs[0]?.seen())?.includes(next) === true, {
      what: 'the one tab that gives headers was asked',
      timeoutMs: 60_000,
    })
    for (const tab of tabs) await tab.untilSeen(numbers.last + 10)
    const last = await numbers.stop()
    for (const tab of tabs) await expectAll(tab, last)
  }, 120_000)
})
