import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserMissing, launch } from '../kit/chromium.ts'
import { Numbers } from './kit/browser.ts'
import { expectAll, Stage } from './kit/stage.ts'

const missing = browserMissing()

describe.skipIf(missing !== undefined)('pages without TLS', () => {
  let browser: Browser
  // A name that is not localhost: for a browser, that is no secure context.
  beforeAll(
    async () => void (browser = await launch(['--host-resolver-rules=MAP plain.test 127.0.0.1'])),
  )
  afterAll(() => browser.close())

  test('share with nobody when there are no locks: each has a stream of its own', async () => {
    const stage = await Stage.set(browser, { host: 'plain.test' })
    const numbers = new Numbers(stage.site, ['n'])
    const tabs = [await stage.open(), await stage.open()]
    for (const tab of tabs) {
      expect(await tab.look('[isSecureContext, typeof navigator.locks]')).toEqual([
        false,
        'undefined',
      ])
      await tab.read(['n'])
      await tab.untilOpen()
    }
    await stage.untilShared(2)
    stage.site.cut()
    for (const tab of tabs) await tab.untilSeen(numbers.last + 20)
    const last = await numbers.stop()
    for (const tab of tabs) await expectAll(tab, last)
    await tabs[0]?.close()
    await stage.untilShared(1)
  })

  test('share with a worker', async () => {
    const stage = await Stage.set(browser, { host: 'plain.test' })
    const numbers = new Numbers(stage.site, ['n'])
    const tabs = await stage.openTabs([['n'], ['n']], { worker: '/worker.js' })
    await tabs[0]?.untilSeen(numbers.last + 10)
    await tabs[0]?.close()
    await tabs[1]?.untilSeen(numbers.last + 20)
    await stage.untilShared()
    await expectAll(tabs[1], await numbers.stop())
  })
})
