import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, onTestFinished, test } from 'vitest'
import { browserMissing, launch } from '../kit/chromium.ts'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { waitFor } from '../kit/wait-for.ts'
import { Numbers, type DrivenTab } from './kit/browser.ts'
import { expectAll, Stage } from './kit/stage.ts'
import { WAYS } from './kit/ways.ts'

const missing = browserMissing()

/** Two relays of the hub behind the site, each a process of its own and on an origin of its own. */
async function startRelays(stage: Stage): Promise<[HubProcess, HubProcess]> {
  const { hub, url } = stage.site
  const flags = ['--upstream', hub.url, '--cors-origins', url]
  const relays = await Promise.all([startHub({ flags }), startHub({ flags })])
  onTestFinished(async () => void (await Promise.all(relays.map((relay) => relay.stop()))))
  return relays
}

async function untilAt(tabs: readonly DrivenTab[], endpoint: number): Promise<void> {
  const isThere = async (tab: DrivenTab): Promise<boolean> =>
    (await tab.look('client.state.name === "open" && client.state.endpoint')) === endpoint
  for (const tab of tabs) {
    await waitFor(() => isThere(tab), { what: `the tab reads from endpoint ${endpoint}` })
  }
}

describe.skipIf(missing !== undefined)('the fail-over of tabs that share', () => {
  let browser: Browser
  beforeAll(async () => void (browser = await launch()))
  afterAll(() => browser.close())

  test.each(WAYS)(
    'with %s: all go on from the other server when one is killed, and back',
    async (_, options) => {
      const stage = await Stage.set(browser)
      const relays = await startRelays(stage)
      const [first] = relays
      const numbers = new Numbers(stage.site, ['n'])
      const url = relays.map((relay) => `${relay.url}/v1/events`)
      const tabs: DrivenTab[] = []
      for (let count = 0; count < 3; count++) {
        const tab = await stage.open()
        await tab.read(['n'], { ...options, url, probeMs: 200, healthyAfter: 2 })
        await tab.untilOpen()
        tabs.push(tab)
      }
      await untilAt(tabs, 0)
      for (let kills = 0; kills < 2; kills++) {
        for (const tab of tabs) await tab.untilSeen(numbers.last + 10)
        await first.kill()
        await untilAt(tabs, 1)
        for (const tab of tabs) await tab.untilSeen(numbers.last + 10)
        await first.start()
        await untilAt(tabs, 0)
      }
      for (const tab of tabs) await tab.untilSeen(numbers.last + 10)
      const last = await numbers.stop()
      for (const tab of tabs) await expectAll(tab, last)
      await waitFor(async () => (await sessionsOf(first)) === 1, { what: 'they share one stream' })
    },
    120_000,
  )
})

async function sessionsOf(relay: HubProcess): Promise<number> {
  const response = await fetch(`${relay.url}/v1/sessions`)
  const { sessions } = (await response.json()) as { readonly sessions: readonly unknown[] }
  return sessions.length
}
