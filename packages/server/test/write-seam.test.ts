import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { allowedSeam, limitSeam } from '@heartline/session'
import { afterEach, describe, expect, it } from 'vitest'
import { call, post, readStream, start } from './kit.ts'

const limit = allowedSeam()
afterEach(() => limitSeam(limit))

const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const BROKEN = new URL('./fixtures/broken-handle.ts', import.meta.url).href
const NODE = ['--conditions=@heartline/source', '--import', 'tsx', '--import', BROKEN]

/** What the program says, and how it ends, where the native handle cannot be used. */
async function serveBroken(seam: string): Promise<{ code: unknown; text: string }> {
  const env = { ...process.env, HEARTLINE_SESSION_SEAM: seam }
  const flags = ['serve', '--listen', '127.0.0.1:0', '--store', 'memory']
  try {
    const done = await promisify(execFile)(process.execPath, [...NODE, PROGRAM, ...flags], {
      timeout: 25_000,
      env,
    })
    return { code: 0, text: done.stdout + done.stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string }
    return { code, text: stdout + stderr }
  }
}

async function infoOf(tree: object): Promise<string[]> {
  const server = await start({ session: tree })
  const { text } = await call(server, '/metrics')
  return text.split('\n').filter((line) => line.startsWith('heartline_write_seam_info'))
}

/** Whether this machine lets one system call serve many readers. */
async function hasRing(): Promise<boolean> {
  try {
    const { openRingSender } = await import('@heartline/io-uring')
    return (await openRingSender()).capacity > 0
  } catch {
    return false
  }
}

describe('the write seam', () => {
  it('that is asked for and cannot be used keeps the program from starting', async () => {
    const { code, text } = await serveBroken('handle')
    expect(code).toBe(1)
    expect(text).toContain('HL_SEAM_UNAVAILABLE')
    expect(text).toContain('Set it to auto or socket.')
  })

  it('that is used is told, with how many readers one system call serves', async () => {
    const isBatched = limit === 'handle' && (await hasRing())
    const batch = isBatched ? 'io_uring' : 'none'
    expect(await infoOf({ ioUring: 'auto' })).toEqual([
      `heartline_write_seam_info{seam="${limit}",batch="${batch}"} 1`,
    ])
  })

  it('serves one reader a call where io_uring is off', async () => {
    expect(await infoOf({ ioUring: 'off' })).toEqual([
      `heartline_write_seam_info{seam="${limit}",batch="none"} 1`,
    ])
  })

  it.each(['socket', 'response'] as const)('can be %s, which no batch can use', async (seam) => {
    expect(await infoOf({ seam })).toEqual([
      `heartline_write_seam_info{seam="${seam}",batch="none"} 1`,
    ])
  })

  it.each(['handle', 'socket', 'response'] as const)(
    'of each open session is counted: %s',
    async (seam) => {
      limitSeam(seam)
      // At the front door there is no response to write through.
      const server = await start({ frontDoor: 'off' })
      const counts = async (): Promise<string[]> => {
        const { text } = await call(server, '/metrics')
        return text.split('\n').filter((line) => line.startsWith('heartline_sessions_by_seam{'))
      }
      const reading = readStream(server, '/v1/events?topic=a', { until: 'data: 1' })
      await expect.poll(() => server.hub.stats().sessions).toBe(1)
      expect(await counts()).toContain(`heartline_sessions_by_seam{seam="${seam}"} 1`)
      await post(server, { topic: 'a', data: 1 })
      await reading
      await expect.poll(() => server.hub.stats().sessions).toBe(0)
      expect((await counts()).filter((line) => !line.endsWith(' 0'))).toEqual([])
    },
  )
})
