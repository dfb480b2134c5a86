import { describe, expect, it } from 'vitest'
import { HeartlineError } from '@heartline/wire'
import { ClassicLevel } from 'classic-level'
import { openDiskBroker, type DiskReport } from '../src/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

async function rowsOf(directory: string): Promise<Map<string, number>> {
  const level = new ClassicLevel<Buffer, Buffer>(directory, { keyEncoding: 'buffer' })
  await level.open()
  const rows = new Map<string, number>()
  for await (const key of level.keys()) {
    const kind = String.fromCharCode(key[0] ?? 0)
    rows.set(kind, (rows.get(kind) ?? 0) + 1)
  }
  await level.close()
  return rows
}

describe('retention', () => {
  it('racing a read gives whole pages or expired, never a hole', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory, maxEntries: 300, fsync: 'never' })
    let running = true
    let expired = 0
    let pages = 0
    const read = async (topics: string[] | undefined): Promise<void> => {
      while (running) {
        // An empty page is answered at once: without this the writer would never run.
        await new Promise((resolve) => setImmediate(resolve))
        const { base } = await broker.state()
        try {
          const page = await broker.read({ after: base.offset, topics, maxEntries: 200 })
          const offsets = page.entries.map(({ position }) => position.offset)
          const first = base.offset + 1
          const step = topics === undefined ? 1 : 2
          const start = topics === undefined || first % 2 === 0 ? first : first + 1
          expect(offsets).toEqual(offsets.map((_, index) => start + index * step))
          if (!page.done) expect(offsets).toHaveLength(200)
          pages++
        } catch (error) {
          if (!(error instanceof HeartlineError) || error.code !== 'HL_CURSOR_EXPIRED') throw error
          expired++
        }
      }
    }
    const readers = [read(undefined), read(undefined), read(['even']), read(['even'])]
    for (let call = 0; call < 1_000; call++) {
      await broker.append(
        Array.from({ length: 10 }, (_, index) => ({
          topics: [index % 2 === 1 ? 'even' : 'odd'],
          data: `${call * 10 + index + 1}`,
        })),
      )
    }
    running = false
    await Promise.all(readers)
    expect(pages).toBeGreaterThan(0)
    expect(pages + expired).toBeGreaterThan(20)
    await broker.close()
  })

  it('removes rows of entries, topics and publish ids from the disk', async () => {
    const directory = await temporaryDirectory()
    let nowMs = 1_000_000
    const trimmed: DiskReport[] = []
    const broker = await openDiskBroker({
      directory,
      maxEntries: 100,
      publishIdWindowMs: 1_000,
      now: () => nowMs,
      onReport: (report) => trimmed.push(report),
    })
    for (let call = 0; call < 500; call++) {
      nowMs += 10
      const topics = [`t${call % 7}`, `u${call % 3}`]
      const batch = Array.from({ length: 10 }, (_, index) => {
        return { topics, data: 'x', publishId: `${call}.${index}` }
      })
      await broker.append(batch)
    }
    await broker.close()
    const rows = await rowsOf(directory)
    expect(rows.get('b')).toBeLessThan(40)
    expect(rows.get('t')).toBeLessThan(80)
    expect(rows.get('i')).toBeLessThan(250)
    expect(trimmed.some(({ type }) => type === 'trimmed')).toBe(true)
  })

  it('finishes after a restart what it had begun', async () => {
    const directory = await temporaryDirectory()
    const big = await openDiskBroker({ directory })
    for (let call = 0; call < 300; call++) {
      await big.append(Array.from({ length: 10 }, () => ({ topics: ['a'], data: 'x' })))
    }
    await big.close()
    const small = await openDiskBroker({ directory, maxEntries: 50 })
    await expect.poll(async () => (await small.state()).base.offset).toBe(2_950)
    const page = await small.read({ after: 2_950, topics: ['a'] })
    expect(page.entries).toHaveLength(50)
    await small.close()
    expect((await rowsOf(directory)).get('b')).toBeLessThan(20)
  })
})
