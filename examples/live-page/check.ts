import { chromium, type Page } from 'playwright-core'
import type { Theatre } from './theatre.ts'

const LIMIT_MS = 30_000
const ARGS = ['--no-sandbox', '--disable-gpu']

/**
 * Opens the page in two tabs, makes all the trouble that its buttons offer, and looks at what a
 * person would see.
 *
 * @param picture Where to put a picture of the page, if anywhere.
 * @returns What is wrong; nothing when all is well.
 */
export async function checkPage(theatre: Theatre, picture?: string): Promise<string[]> {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS })
  const problems: string[] = []
  const expect = (isRight: boolean, what: string): void => {
    if (!isRight) problems.push(what)
  }
  try {
    const context = await browser.newContext({ viewport: { width: 1000, height: 1050 } })
    const first = await open(await context.newPage(), theatre.url)
    const second = await open(await context.newPage(), `${theatre.url}/?topics=ticker/eur`)
    for (const page of [first, second])
      page.on('pageerror', (error) => problems.push(String(error)))
    expect(await turns(first, '#streams', /^1$/), 'two tabs have more than one stream')

    await press(first, 'cut')
    expect(await turns(first, '#state', /waiting|connecting|offline/), 'a cut is not shown')
    expect(await turns(second, '#state', /waiting|connecting|offline/), 'the other tab hides a cut')
    expect(await turns(first, '#state', /open/), 'it does not come back after a cut')

    await press(first, 'silence')
    expect(await turns(first, '#state', /waiting|connecting|offline/), 'silence is not noticed')
    expect(await turns(first, '#state', /open/), 'it does not come back after silence')

    await press(first, 'restart')
    expect(await turns(first, '#state', /waiting|connecting/), 'a restart is not shown')
    expect(await turns(first, '#state', /open/), 'it does not come back after a restart')
    expect((await text(first, '#gaps')) === '0', 'a gap without a reason is said')

    await press(first, 'forget')
    expect(await turns(first, '#gaps', /^[1-9]/), 'a lost log is not admitted')
    expect(await turns(first, '#list .gap', /epoch/), 'the gap is not in the list')
    expect(await turns(second, '#gaps', /^[1-9]/), 'the other tab is not told of the lost log')

    await first.close()
    const before = Number(await text(second, '#events'))
    const isMore = async (): Promise<boolean> => Number(await text(second, '#events')) > before + 5
    expect(await holds(isMore), 'nothing comes after the tab with the connection is closed')
    expect((await text(second, '#missing')) === '0', 'events are missing without a gap')
    if (picture !== undefined) await second.screenshot({ path: picture })
  } finally {
    await browser.close()
  }
  return problems
}

async function open(page: Page, url: string): Promise<Page> {
  await page.goto(url)
  await turns(page, '#state', /open/)
  await turns(page, '#events', /^[1-9]/)
  return page
}

async function press(page: Page, act: string): Promise<void> {
  await page.bringToFront()
  await page.click(`[data-act=${act}]`)
}

async function text(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().textContent({ timeout: LIMIT_MS })) ?? ''
}

/** True once the text is what it should be; false when it does not become it in time. */
function turns(page: Page, selector: string, wanted: RegExp): Promise<boolean> {
  return holds(async () => wanted.test(await text(page, selector)))
}

async function holds(condition: () => Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + LIMIT_MS
  while (Date.now() < deadline) {
    if (await condition().catch(() => false)) return true
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
