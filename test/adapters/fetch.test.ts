import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { binaryOf, RUNTIMES } from '../runtimes/runtime.ts'

const PROGRAM = fileURLToPath(new URL('./fetch/program.ts', import.meta.url))
const CONDITION = '--conditions=@heartline/source'

const found = await Promise.all(
  RUNTIMES.filter((runtime) => runtime.package !== 'node').map(async (runtime) => {
    const binary = await binaryOf(runtime).catch((error: unknown) => {
      // Where everything can be installed, a runtime that is not there is a mistake.
      if (process.env['CI'] !== undefined) throw error
      console.warn(`Skipped. ${runtime.name} cannot be installed from npm: ${String(error)}`)
    })
    return { ...runtime, binary }
  }),
)

describe.each(found)('On $name', ({ binary, flags }) => {
  it.skipIf(binary === undefined).each(['hono', 'h3'])(
    '%s, HTTP/1: readers are served, refused, noticed to leave and ended at the stop',
    async (framework) => {
      const args = [...flags, CONDITION, PROGRAM, framework]
      const { stdout } = await promisify(execFile)(binary!, args, { timeout: 60_000 })
      const { closeMs, ...seen } = JSON.parse(stdout) as { closeMs: number }
      expect(seen).toEqual({
        isCompressed: true,
        isExposed: true,
        encoding: null,
        isCancelled: true,
        isDelivered: true,
        refusals: [401, 400, 406, 500],
        isEmpty: true,
        isEnded: true,
        isTold: true,
        open: 0,
        handlers: 0,
        ended: { disconnected: 2, drained: 20 },
      })
      expect(closeMs).toBeLessThan(3_000)
    },
    90_000,
  )
})
