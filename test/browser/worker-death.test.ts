import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserMissing, launch } from '../kit/chromium.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'
import { Numbers } from './kit/browser.ts'
import { endWorkers, workersOf } from './kit/shared-workers.ts'
import { expectAll, Stage } from './kit/stage.ts'

const missing = browserMissing()
const OPTIONS = { worker: '/worker.js' }

describe.skipIf(missing !== undefined)('the end of a shared worker', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  test('again and again: all tabs go on, each with every event once, over one stream', async () => {
    const stage = await Stage.set(browser)
    const numbers = new Numbers(stage.site, ['n'])
    const tabs = await stage.openTabs([['n'], ['n'], ['*']], OPTIONS)
    for (let ends = 0; ends < 5; ends++) {
      for (const tab of tabs) await tab.untilSeen(numbers.last + 10)
      expect(await endWorkers(browser, stage.site)).toBe(1)
      for (const tab of tabs) await tab.untilSeen(numbers.last + 10)
      await stage.untilShared()
      await waitFor(async () => (await workersOf(browser, stage.site)).length === 1, {
        what: 'another worker is there',
      })
    }
    const last = await numbers.stop()
    for (const tab of tabs) await expectAll(tab, last)
  }, 90_000)

  test('at any moment, also while tabs come: nothing is lost or doubled', async () => {
    const stage = await Stage.set(browser)
    const numbers = new Numbers(stage.site, ['n'])
    const tabs = await stage.openTabs([['n']], OPTIONS)
    for (let ends = 0; ends < 6; ends++) {
      const tab = await stage.open()
      await tab.read(['n'], OPTIONS)
      await sleep(ends * 40)
      await endWorkers(browser, stage.site)
      tabs.push(tab)
    }
    for (const tab of tabs) await tab.untilSeen(numbers.last + 10)
    const last = await numbers.stop()
    for (const tab of tabs) await expectAll(tab, last)
    await stage.untilShared()
  }, 90_000)

  test('while nothing is published: what comes afterwards is seen by all', async () => {
    const stage = await Stage.set(browser)
    const tabs = await stage.openTabs([['n'], ['n']], OPTIONS)
    await stage.site.publish('n', 1)
    for (const tab of tabs) await tab.untilSeen(1)
    await endWorkers(browser, stage.site)
    await stage.site.publish('n', 2)
    for (const tab of tabs) await tab.untilSeen(2)
    for (const tab of tabs) expect(await tab.seen()).toEqual([1, 2])
    await stage.untilShared()
  })
})
