import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { browserMissing } from '../kit/chromium.ts'
import { Numbers } from './kit/browser.ts'
import { PlainBrowser, type PlainTab } from './kit/plain-browser.ts'
import { Site } from './kit/site.ts'
import { expectAll, untilStreams } from './kit/stage.ts'
import { WAYS } from './kit/ways.ts'

const missing = browserMissing()

describe.skipIf(missing !== undefined)('the life of a page', () => {
  let browser: PlainBrowser
  beforeAll(async () => void (browser = await PlainBrowser.launch()))
  afterAll(() => browser.close())

  async function begin(): Promise<Site> {
    const site = await Site.start()
    onTestFinished(() => site.stop())
    return site
  }

  async function openTabs(site: Site, options: object): Promise<[PlainTab, PlainTab]> {
    const first = await browser.open(site)
    await first.read(['n'], options)
    await first.untilOpen()
    const second = await browser.open(site)
    await second.read(['n'], options)
    await second.untilOpen()
    await untilStreams(site, 1)
    return [first, second]
  }

  describe.each(WAYS)('that shares with %s', (_, options) => {
    test.each([0, 1])(
      'in the back/forward cache: tab %s lets go, and comes back',
      async (which) => {
        const site = await begin()
        const numbers = new Numbers(site, ['n'])
        const tabs = await openTabs(site, options)
        const [tab, other] = [tabs[which], tabs[1 - which]]
        await tab?.show()
        await tab?.untilSeen(numbers.last + 20)
        await tab?.leave()
        await other?.untilSeen(numbers.last + 50)
        await untilStreams(site, 1)
        await tab?.goBack()
        await tab?.untilSeen(numbers.last + 20)
        await untilStreams(site, 1)
        const last = await numbers.stop()
        expect(await tab?.life()).toContain('pageshow persisted')
        for (const each of tabs) await expectAll(each, last)
      },
    )

    test('frozen while it has the connection: the other goes on, and it catches up', async () => {
      const site = await begin()
      const numbers = new Numbers(site, ['n'])
      const [first, second] = await openTabs(site, options)
      await first.untilSeen(numbers.last + 20)
      await first.freeze()
      await second.untilSeen(numbers.last + 200)
      await untilStreams(site, 1)
      await first.show()
      await first.resume()
      await first.untilSeen(numbers.last + 20)
      await untilStreams(site, 1)
      const last = await numbers.stop()
      expect(await first.life()).toEqual(expect.arrayContaining(['freeze', 'resume']))
      await expectAll(first, last)
      await expectAll(second, last)
    })
  })

  test('with a client of its own: no stream in the cache, and on from its place', async () => {
    const site = await begin()
    const numbers = new Numbers(site, ['n'])
    const tab = await browser.open(site)
    await tab.look(`window.client = lib.createClient({ url: '/v1/events?topic=n' });
      client.on('heartline.gap', (gap) => gaps.push(gap));
      client.on('message', ({ n }) => seen.push(n)), 0`)
    await tab.untilSeen(numbers.last + 20)
    await tab.leave()
    await untilStreams(site, 0)
    await tab.goBack()
    await tab.untilSeen(numbers.last + 20)
    const last = await numbers.stop()
    expect(await tab.life()).toContain('pageshow persisted')
    await expectAll(tab, last)
  })
})
