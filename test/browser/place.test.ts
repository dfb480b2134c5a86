import { describe, expect, onTestFinished, test } from 'vitest'
import { browserMissing } from '../kit/chromium.ts'
import { eachOnce } from './kit/browser.ts'
import { PlainBrowser } from './kit/plain-browser.ts'
import { Site } from './kit/site.ts'

const missing = browserMissing()

describe.skipIf(missing !== undefined)('a place in IndexedDB', () => {
  test('survives kill -9 of the browser: events from before come again, none is missing', async () => {
    const site = await Site.start()
    onTestFinished(() => site.stop())
    const options = { store: 'indexedDbStore' }
    const before = await PlainBrowser.launch()
    onTestFinished(async () => void (await before.kill()))
    const tab = await before.open(site)
    await tab.read(['n'], options)
    await tab.untilOpen()
    for (let n = 1; n <= 200; n++) await site.publish('n', n)
    await tab.untilSeen(200)
    // Not all of it is saved yet.
    const folder = await before.kill()
    for (let n = 201; n <= 250; n++) await site.publish('n', n)
    const after = await PlainBrowser.launch(folder)
    onTestFinished(() => after.close())
    const next = await after.open(site)
    await next.read(['n'], options)
    await next.untilSeen(250)
    const seen = await next.seen()
    expect(seen).toEqual(eachOnce(seen, 250))
    expect(seen[0]).toBeLessThanOrEqual(201)
    expect(await next.gaps()).toEqual([])
  }, 90_000)
})
