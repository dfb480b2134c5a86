import { chromium, type Page } from 'playwright-core'
import type { PriceSite } from './site.tsx'

const LIMIT_MS = 30_000

/**
 * Opens the page and looks at what a person would see.
 *
 * @returns What is wrong; nothing when all is well.
 */
export async function checkSite(site: PriceSite): Promise<string[]> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
  })
  const problems: string[] = []
  const expect = (isRight: boolean, what: string): void => {
    if (!isRight) problems.push(what)
  }
  try {
    const html = await (await fetch(site.url)).text()
    expect(html.includes('<p id="state" data-state="idle">idle</p>'), 'the server renders no page')

    const page = await browser.newPage()
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && message.text().includes('hydrat')) {
        problems.push(message.text())
      }
    })
    await page.goto(site.url)
    expect(await shows(page, '#state', 'open'), 'the page does not connect')
    await site.publish('EUR', 1.08)
    await site.publish('USD', 0.93)
    await site.publish('EUR', 1.09)
    expect(await shows(page, '#EUR', '1.09'), 'the last price of EUR is not shown')
    expect(await shows(page, '#USD', '0.93'), 'the last price of USD is not shown')
    expect((await page.locator('#events li').count()) === 3, 'three events are not listed')
    expect(site.asked === 1, `${site.asked} connections where one is enough`)

    await page.waitForTimeout(300)
    await page.context().setOffline(true)
    await page.route('**/v1/**', (route) => route.abort())
    await page.context().setOffline(false)
    await page.reload()
    expect(await shows(page, '#EUR', '1.09'), 'the price is gone after a reload without a stream')
    expect((await textOf(page, '#state')) !== 'open', 'the stream was not taken away')
  } finally {
    await browser.close()
  }
  return problems
}

async function shows(page: Page, selector: string, text: string): Promise<boolean> {
  const until = Date.now() + LIMIT_MS
  while (Date.now() < until) {
    if ((await textOf(page, selector)) === text) return true
    await page.waitForTimeout(50)
  }
  return false
}

function textOf(page: Page, selector: string): Promise<string | null> {
  return page.locator(selector).textContent()
}
