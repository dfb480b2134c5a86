import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumMissing } from '../kit/reader-chromium.ts'
import { rulesOf, type Rules } from './kit/rule.ts'
import { bundle, launch, NodeTarget, PageTarget } from './kit/targets.ts'
import { answerRules } from './rules/answer.ts'
import { dispatchRules } from './rules/dispatch.ts'
import { farRules } from './rules/far.ts'
import { interfaceRules } from './rules/interface.ts'
import { parsingRules } from './rules/parsing.ts'
import { reconnectRules } from './rules/reconnect.ts'
import { requestRules } from './rules/request.ts'

const missing = chromiumMissing()
if (missing !== undefined && process.env['CI'] !== undefined) throw new Error(missing)

const BODY: readonly Rules[] = [
  interfaceRules,
  requestRules,
  answerRules,
  reconnectRules,
  parsingRules,
  dispatchRules,
  farRules,
]
const PAGES = [
  new PageTarget({ name: 'Chromium' }),
  new PageTarget({ name: 'a worker of Chromium', isWorker: true }),
  new PageTarget({ name: 'Chromium, from another origin', isFar: true }),
  // What the browser says of the same rules tells whether the tests are right.
  new PageTarget({ name: "Chromium's own, for comparison", isOurs: false }),
]

const seen = new Set<string>()

describe('the EventSource in Node.js', () => {
  const target = new NodeTarget()
  for (const rules of BODY) rules(target, rulesOf(target, seen))
})

describe.skipIf(missing !== undefined)('the EventSource in', () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await launch()
    const bundles = await bundle()
    for (const page of PAGES) await page.start(browser, bundles)
  })

  afterAll(async () => {
    for (const page of PAGES) page.stop()
    await browser?.close()
  })

  for (const target of PAGES) {
    describe(target.name, () => {
      for (const rules of BODY) rules(target, rulesOf(target, seen))
    })
  }
})

test('every row of spec/event-source.md has a test, and every test a row', () => {
  const text = readFileSync(new URL('../../spec/event-source.md', import.meta.url), 'utf8')
  const rows = text.matchAll(/^\| (HL-ES-\d+) +\|/gm)
  expect([...seen].sort(byNumber)).toEqual([...rows].map(([, id]) => id))
})

function byNumber(a: string, b: string): number {
  return Number(a.slice(6)) - Number(b.slice(6))
}
