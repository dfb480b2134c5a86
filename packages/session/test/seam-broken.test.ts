import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const run = promisify(execFile)
const CHILD = fileURLToPath(new URL('./kit/broken-node.ts', import.meta.url))
const NODE = ['--conditions=@heartline/source', '--import', 'tsx']

/** The report of a Node whose handles are broken in one way. */
async function reportOf(fault: string): Promise<Record<string, unknown>> {
  const { stdout } = await run(process.execPath, [...NODE, CHILD, fault], { timeout: 25_000 })
  return JSON.parse(stdout) as Record<string, unknown>
}

describe('A Node whose native handles are not as expected', () => {
  it.each([
    ['loses the rest of a partial write', 'lose'],
    ['writes the rest twice', 'double'],
    ['never tells that the rest was written', 'silent'],
    ['writes nothing', 'swallow'],
    ['refuses all writes', 'refuse'],
  ])('and that %s is found out, and sessions write to sockets', async (_, fault) => {
    const report = await reportOf(fault)
    expect(report).toMatchObject({
      seam: 'socket',
      sheds: false,
      releases: true,
      allowed: 'socket',
    })
    expect(report['reason']).toEqual(expect.any(String))
  })

  it('and whose node:http forgets no connection keeps the response of each session', async () => {
    const report = await reportOf('keep-listed')
    expect(report).toMatchObject({ seam: 'handle', sheds: true, releases: false })
    expect(report['reason']).toEqual(expect.any(String))
  })

  it('and that has no owner keeps the socket of each session', async () => {
    expect(await reportOf('no-owner')).toMatchObject({ seam: 'handle', sheds: false })
  })
})
