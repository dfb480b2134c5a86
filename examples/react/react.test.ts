import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { checkSite } from './check.ts'
import { PriceSite } from './site.tsx'

const isMissing = !existsSync('/usr/bin/chromium')
if (isMissing && process.env['CI'] !== undefined) throw new Error("Install Debian's chromium")

test.skipIf(isMissing)(
  'a page with React is rendered here, taken over there, and reads one stream',
  async () => {
    const site = new PriceSite()
    await site.start(0)
    onTestFinished(() => site.stop())
    expect(await checkSite(site)).toEqual([])
  },
  120_000,
)
