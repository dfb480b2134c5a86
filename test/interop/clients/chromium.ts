import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { rolldown } from 'rolldown'
import { chromiumMissing } from '../../kit/reader-chromium.ts'
import type { InteropClient, InteropReader, StreamTarget } from './client.ts'
import type { PageReport, PageRequest } from './page.ts'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-sync']
const PAGE = fileURLToPath(new URL('page.ts', import.meta.url))

export const nativeEventSource: InteropClient = define('native', 'Chromium’s own EventSource')
export const ourEventSourceInPage: InteropClient = define(
  'EventSource',
  'EventSource of @heartline/client in Chromium',
)
export const ourClientInPage: InteropClient = define('createClient', 'createClient in Chromium')
export const fetchEventSource: InteropClient = {
  ...define('fetch-event-source', 'npm @microsoft/fetch-event-source in Chromium'),
  losesBrokenEvent: true,
}

function define(kind: PageRequest['kind'], name: string): InteropClient {
  return {
    name,
    isOurs: kind === 'createClient' || kind === 'EventSource',
    isInBrowser: true,
    canPost: kind === 'createClient',
    missing: chromiumMissing,
    open: (target) => read(kind, target),
  }
}

let browser: Promise<Browser> | undefined
let bundle: Promise<string> | undefined

/** Ends the browser that all of them share. */
export async function closeBrowser(): Promise<void> {
  const running = await browser?.catch(() => undefined)
  browser = undefined
  await running?.close()
}

async function read(kind: PageRequest['kind'], target: StreamTarget): Promise<InteropReader> {
  browser ??= chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })
  bundle ??= bundlePage()
  const [running, content] = await Promise.all([browser, bundle])
  // Each has its own connections.
  const context = await running.newContext({ ignoreHTTPSErrors: true })
  const waits: number[] = []
  let opens = 0
  const page = await context.newPage()
  await page.exposeFunction('report', (report: PageReport) => {
    if ('open' in report) opens++
    else if ('waitMs' in report) waits.push(report.waitMs)
    else target.onEvent(report)
  })
  await page.route('**/blank-page', (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>reader</title>' }),
  )
  await page.goto(new URL('/blank-page', target.url).href)
  await page.addScriptTag({ content })
  const { url, method, body, headers, types } = target
  await page.evaluate((request) => window.read(request), {
    kind,
    url,
    method,
    body,
    headers,
    types,
  })
  return {
    get opens() {
      return opens
    },
    // Clocks of pages are coarse, and their timers may be late, but what they wait for is told.
    waits: kind === 'fetch-event-source' ? undefined : waits,
    close: () => context.close(),
  }
}

async function bundlePage(): Promise<string> {
  const build = await rolldown({
    input: PAGE,
    platform: 'browser',
    resolve: { conditionNames: ['@heartline/source', 'import', 'default'] },
  })
  const { output } = await build.generate({ format: 'iife' })
  return output[0].code
}
