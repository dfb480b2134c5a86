import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { binaryOf, RUNTIMES } from '../runtimes/runtime.ts'

const PROGRAM = fileURLToPath(new URL('./bun/elysia.ts', import.meta.url))
const runtime = RUNTIMES.find((one) => one.package === 'bun')!
const bun = await binaryOf(runtime).catch((error: unknown) => {
  // Where everything can be installed, a runtime that is not there is a mistake.
  if (process.env['CI'] !== undefined) throw error
  console.warn(`Skipped. Bun cannot be installed from npm: ${String(error)}`)
})

it.skipIf(bun === undefined)(
  'Elysia on Bun, HTTP/1: readers are served, refused, noticed to leave and ended at the stop',
  async () => {
    const args = ['--conditions=@heartline/source', PROGRAM]
    const { stdout } = await promisify(execFile)(bun!, args, { timeout: 60_000 })
    const { closeMs, ...seen } = JSON.parse(stdout) as { closeMs: number }
    expect(seen).toEqual({
      encodings: ['gzip', null],
      isCancelled: true,
      refusals: [401, 400, 406, 500],
      isEmpty: true,
      open: 0,
      ended: { disconnected: 3, drained: 100 },
    })
    expect(closeMs).toBeLessThan(3_000)
  },
  90_000,
)
