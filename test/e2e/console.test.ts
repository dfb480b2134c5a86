import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startHub, type HubProcess, type HubProcessOptions } from '../kit/hub-process.ts'
import { chromiumMissing } from '../kit/reader-chromium.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { allClaims, makeToken, TEST_SECRET } from '../kit/token.ts'
import { waitFor } from '../kit/wait-for.ts'

const missing = chromiumMissing()
if (missing !== undefined && process.env['CI'] !== undefined) throw new Error(missing)

describe.skipIf(missing !== undefined)('the console', () => {
  let browser: Browser

  beforeAll(async () => {
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-sync']
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args })
  })

  afterAll(() => browser.close())

  test('lists events of any type with their topic, and who reads', async () => {
    const { hub, page } = await openConsole({})
    await publish(hub, { topic: 'a/b', type: 'whatever', data: { n: 1 } })
    await publish(hub, { topic: 'c', data: '<img src=x onerror=alert(1)>' })
    await hasText(page, '#events', ['a/b', 'whatever', '{"n":1}', '<img src=x'])
    await hasText(page, '#topics', ['a/b', 'c'])
    await hasText(page, '#sessions', ['**', 'live'])
    expect(await page.locator('#events img').count()).toBe(0)
  })

  test('publishes, and shows the problem when the hub refuses', async () => {
    const { page } = await openConsole({})
    await page.fill('#publish [name=topic]', 'notes/1')
    await page.click('#publish button')
    await hasText(page, '#publish-result', ['Stored as 1.'])
    await hasText(page, '#events', ['notes/1', '"text":"hello"'])
    await page.fill('#publish [name=type]', 'heartline.gap')
    await page.click('#publish button')
    await hasText(page, '#publish-result', ['400 HL_'])
  })

  test('reads one topic alone after a click on it, from the start of the log if asked', async () => {
    const { hub, page } = await openConsole({})
    await publish(hub, { topic: 'one', data: 'first' })
    await publish(hub, { topic: 'two', data: 'second' })
    await page.selectOption('#since', 'earliest')
    await hasText(page, '#events', ['first', 'second'])
    await page.click('#topics button:text-is("one")')
    await hasText(page, '#events', ['first'])
    expect(await page.textContent('#events')).not.toContain('second')
    expect(await page.inputValue('#selector')).toBe('one')
  })

  test('comes back after the hub was killed, with every event once', async () => {
    const { hub, page } = await openConsole({ flags: ['--retry', '3s'] }, 'disk')
    await publish(hub, { topic: 'n', data: '1' })
    await hasText(page, '#events', ['n'])
    await hub.kill()
    await hasText(page, '#status', ['Reconnecting in'])
    await hub.start()
    await publish(hub, { topic: 'n', data: '2' })
    await hasText(page, '#status', ['Live for'])
    await hasText(page, '#count-events', ['2'])
    expect(await figures(page)).toEqual({ gaps: '0', duplicates: '0', reconnects: '1' })
    await hasText(page, '#journal', ['Cut: ', 'Live again, from where it was'])
  })

  test('admits a gap when the log began another life', async () => {
    const { hub, page } = await openConsole({ flags: ['--retry', '0'] })
    await publish(hub, { topic: 'n', data: '1' })
    await hasText(page, '#events', ['n'])
    await hub.killAndRestart()
    await hasText(page, '#journal', ['Gap (epoch) from 1.'])
    await publish(hub, { topic: 'n', data: '2' })
    await hasText(page, '#count-events', ['2'])
    expect(await figures(page)).toMatchObject({ gaps: '1', duplicates: '0' })
  })

  test('keeps at most 500 rows, and stands still while paused', async () => {
    const { hub, page } = await openConsole({})
    await publish(hub, many(800))
    await hasText(page, '#count-events', ['800'])
    await waitFor(async () => (await page.locator('#events li').count()) === 500, {
      what: 'the list holds 500 rows',
    })
    await page.click('#pause')
    await publish(hub, many(3))
    await hasText(page, '#pause', ['Resume (3 waiting)'])
    expect(await page.textContent('#events li:first-child .data')).toBe('{"n":799}')
    await page.click('#pause')
    await hasText(page, '#events li:first-child', ['{"n":2}'])
  })

  test('takes a token, and keeps it nowhere but in memory', async () => {
    const { page } = await openConsole({ flags: ['--key-secret', TEST_SECRET] })
    await hasText(page, '#status', ['Refused', 'HL_'])
    const token = makeToken({ claims: allClaims() })
    await page.fill('#token', token)
    await page.click('#read button')
    await hasText(page, '#status', ['Live for'])
    const kept = await page.evaluate(() =>
      [
        ...Object.values(localStorage),
        ...Object.values(sessionStorage),
        document.cookie,
        location.href,
      ].join(),
    )
    expect(kept).not.toContain(token)
    await page.reload()
    await hasText(page, '#status', ['Refused'])
  })

  async function openConsole(
    options: HubProcessOptions,
    store: 'memory' | 'disk' = 'memory',
  ): Promise<{ hub: HubProcess; page: Page }> {
    const directory = makeTempDirectory()
    const place = store === 'memory' ? 'memory' : `disk:${directory}`
    const hub = await startHub({ ...options, store: place })
    const page = await browser.newPage()
    const mistakes: string[] = []
    page.on('pageerror', (error) => mistakes.push(error.message))
    onTestFinished(async () => {
      await page.close()
      await hub.stop()
      removeTempDirectory(directory)
      expect(mistakes).toEqual([])
    })
    await page.goto(hub.url)
    await waitFor(async () => !(await textOf(page, '#status-text')).startsWith('Connecting'), {
      what: 'the console is connected',
    })
    return { hub, page }
  }
})

async function publish(hub: HubProcess, body: unknown): Promise<void> {
  const response = await fetch(`${hub.url}/v1/events`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.ok).toBe(true)
  await response.text()
}

function many(count: number): unknown[] {
  return Array.from({ length: count }, (_, n) => ({ topic: 'many', data: { n } }))
}

async function hasText(page: Page, selector: string, texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    await waitFor(async () => (await textOf(page, selector)).includes(text), {
      what: `${selector} says '${text}'`,
    })
  }
}

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.textContent(selector)) ?? ''
}

async function figures(page: Page): Promise<Record<string, string>> {
  const names = ['gaps', 'duplicates', 'reconnects']
  const texts = await Promise.all(names.map((name) => textOf(page, `#count-${name}`)))
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? '']))
}
