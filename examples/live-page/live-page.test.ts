import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { checkPage } from './check.ts'
import { Theatre } from './theatre.ts'

const isMissing = !existsSync('/usr/bin/chromium')
if (isMissing && process.env['CI'] !== undefined) throw new Error("Install Debian's chromium")

test.skipIf(isMissing)(
  'the live page does what it says',
  async () => {
    const theatre = new Theatre()
    await theatre.start(0)
    onTestFinished(() => theatre.stop())
    expect(await checkPage(theatre)).toEqual([])
  },
  180_000,
)
