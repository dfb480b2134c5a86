import { chromium, type Browser } from 'playwright-core'
import { chromiumMissing } from './reader-chromium.ts'

/** A sentence for a person when there is no browser. In CI it throws. */
export function browserMissing(): string | undefined {
  const missing = chromiumMissing()
  if (missing !== undefined && process.env['CI'] !== undefined) throw new Error(missing)
  return missing
}

/** Debian's Chromium. @param flags Further ones of its own. */
export function launch(flags: readonly string[] = []): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-sync', ...flags]
  return chromium.launch({ executablePath: '/usr/bin/chromium', args })
}
