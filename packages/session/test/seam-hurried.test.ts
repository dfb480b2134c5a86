import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const run = promisify(execFile)
const CHILD = fileURLToPath(new URL('./kit/hurried-node.ts', import.meta.url))
const NODE = ['--conditions=@heartline/source', '--import', 'tsx']

it('A self-test that takes too long is cut off at any point, and leaves nothing behind', async () => {
  const { stdout } = await run(process.execPath, [...NODE, CHILD], { timeout: 40_000 })
  const { runs, late } = JSON.parse(stdout) as { runs: number; late: number }
  expect(runs).toBe(72)
  expect(late).toBeGreaterThan(2)
}, 45_000)
