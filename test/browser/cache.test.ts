import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserMissing, launch } from '../kit/chromium.ts'
import { waitFor } from '../kit/wait-for.ts'
import { Stage } from './kit/stage.ts'

const missing = browserMissing()

/** A client whose last values are kept, and a second one later from the same database. */
const OPEN = `void (window.cache = lib.indexedDbCache('c', { keyOf: ({ data }) => data.key }),
  window.client = lib.createClient({ url: '/v1/events?topic=c', cache: window.cache,
    store: lib.indexedDbStore('c') }),
  client.onError((error) => errors.push(error.code)),
  client.on('message', ({ n }) => seen.push(n)))`

describe.skipIf(missing !== undefined)('last values in IndexedDB', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  const publish = async (stage: Stage, from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n++) {
      await stage.site.hub.hub.publish([{ topic: 'c', data: { key: `k${n % 3}`, n } }])
    }
  }

  test('are served without a network after a reload, and what was missed follows', async () => {
    const stage = await Stage.set(browser)
    const tab = await stage.open()
    await tab.look(OPEN)
    await tab.untilOpen()
    await publish(stage, 1, 30)
    await tab.untilSeen(30)
    // The place is saved after the values.
    await waitFor(async () => (await tab.look(`lib.indexedDbStore('c').load()`)) !== undefined, {
      what: 'a place is saved',
    })
    await tab.page.reload()
    await tab.load()
    await stage.context.setOffline(true)
    await publish(stage, 31, 40)
    await tab.look(OPEN)
    await tab.look('cache.load()')
    const values = (await tab.look('cache.events().map(({ data }) => data.n)')) as number[]
    expect(values).toHaveLength(3)
    // A reload may come before the last values were written, never before the place of others was.
    expect(Math.min(...values)).toBeGreaterThan(0)
    await waitFor(async () => ['offline', 'waiting'].includes(await tab.state()), {
      what: 'the page has no network',
    })
    await stage.context.setOffline(false)
    await tab.untilSeen(40)
    const seen = await tab.seen()
    expect(seen.slice(-10)).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40])
    expect(await tab.look(`cache.latest('message', 'k1').data.n`)).toBe(40)
    expect(await tab.look('errors')).toEqual([])
  })

  test('go on in memory when the storage is full, and that is reported once', async () => {
    const stage = await Stage.set(browser)
    const tab = await stage.open()
    await tab.look(`void (IDBObjectStore.prototype.put = () => {
      throw new DOMException('full', 'QuotaExceededError') })`)
    await tab.look(OPEN)
    await tab.untilOpen()
    await publish(stage, 1, 30)
    await tab.untilSeen(30)
    expect(await tab.look(`cache.latest('message', 'k0').data.n`)).toBe(30)
    const isReported = async (): Promise<boolean> =>
      ((await tab.look('errors')) as string[]).includes('HL_CLIENT_CACHE_FAILED')
    await waitFor(isReported, { what: 'it is reported' })
    const errors = (await tab.look('errors')) as string[]
    expect(errors.filter((code) => code === 'HL_CLIENT_CACHE_FAILED')).toHaveLength(1)
  })
})
