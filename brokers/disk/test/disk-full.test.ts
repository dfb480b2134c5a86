import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Broker, Entry } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { openDiskBroker, type DiskReport } from '../src/index.ts'
import { killRound } from './kill.ts'
import { ballast, noSmallDisk, smallDisk } from './small-disk.ts'

const MIB = 1024 * 1024

if (noSmallDisk !== undefined) console.warn(`The tests of a full disk are skipped: ${noSmallDisk}.`)

/** Appends until it is refused. Answers what was acknowledged and the code of the refusal. */
async function appendUntilRefused(broker: Broker, prefix: string): Promise<[string[], string]> {
  const acknowledged: string[] = []
  for (let number = 0; ; number++) {
    // Random: the engine compresses.
    const data = `${prefix} ${number} ${randomBytes(3_000).toString('base64')}`
    try {
      await broker.append([{ topics: ['t'], data, publishId: `${prefix} ${number}` }])
      acknowledged.push(data)
    } catch (error) {
      return [acknowledged, error instanceof HeartlineError ? error.code : String(error)]
    }
  }
}

async function readAll(broker: Broker, topics?: string[]): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let after = 0, done = false; !done;) {
    const page = await broker.read({ after, topics })
    entries.push(...page.entries)
    after = page.through
    done = page.done
  }
  return entries
}

async function expectExactly(broker: Broker, data: readonly string[]): Promise<void> {
  for (const topics of [undefined, ['t']]) {
    const entries = await readAll(broker, topics)
    expect(entries.map((entry) => entry.data)).toEqual(data)
    expect(entries.map(({ position }) => position.offset)).toEqual(
      data.map((_, index) => index + 1),
    )
  }
}

describe.skipIf(noSmallDisk !== undefined)('a disk that fills up', () => {
  const cases = [
    ['with the default reserve', 32 * MIB],
    ['without a reserve', 0],
  ] as const
  it.each(cases)('%s refuses appends, serves readers and recovers', async (_, reserveBytes) => {
    // 24 MiB for the store, and later 96: with readers open, the engine's tidying keeps the rows thrice.
    const disk = await smallDisk(96 + reserveBytes / MIB)
    const free = await ballast(disk, 72)
    const directory = join(disk, 'store')
    const reports: DiskReport[] = []
    const onReport = (report: DiskReport): void => void reports.push(report)
    const broker = await openDiskBroker({ directory, reserveBytes, onReport })
    const tailed: string[] = []
    const sink = {
      entries: (batch: readonly Entry[]): void => void tailed.push(...batch.map((e) => e.data)),
      state: (): void => {},
      reset: (): void => {},
    }
    await broker.tail(0, sink)

    const [before, code] = await appendUntilRefused(broker, 'before')
    expect(code).toBe('HL_STORAGE_FULL')
    expect(await broker.writable()).toBe('storage-full')
    expect(reports.some(({ type }) => type === 'full')).toBe(true)
    const [more, again] = await appendUntilRefused(broker, 'meanwhile')
    expect(again).toBe('HL_STORAGE_FULL')
    await expectExactly(broker, [...before, ...more])

    await free()
    await expect.poll(() => broker.writable()).toBe(undefined)
    expect(reports.at(-1)?.type).not.toBe('full')
    const first = { topics: ['t'], data: 'after', publishId: 'after' }
    const [result] = await broker.append([first])
    expect(result?.position.offset).toBe(before.length + more.length + 1)
    const all = [...before, ...more, 'after']
    await expectExactly(broker, all)
    expect(tailed).toEqual(all)

    await broker.close()
    const reopened = await openDiskBroker({ directory, reserveBytes })
    await expectExactly(reopened, all)
    const [known] = await reopened.append([first])
    expect(known?.duplicate).toBe(true)
    await reopened.close()
  })

  it.each(cases)(
    '%s survives a kill while it is full',
    async (_, reserveBytes) => {
      // Six MiB are left for the store, and after the kill there is room to open it.
      const disk = await smallDisk(20 + reserveBytes / MIB)
      const free = await ballast(disk, 14)
      const result = await killRound({
        directory: join(disk, 'store'),
        killAfter: 'full',
        killAfterMs: 100 + Math.random() * 300,
        maxEntries: 1_000_000,
        start: 0,
        reserveBytes,
        beforeOpen: free,
      })
      expect(result.witnessed).toBeGreaterThan(1_000)
    },
    60_000,
  )
})

describe.skipIf(noSmallDisk !== undefined)('a folder that cannot be written', () => {
  it('is refused with its reason', async () => {
    const disk = await smallDisk(1, 'ro')
    const code = 'HL_STORE_NOT_WRITABLE'
    await expect(openDiskBroker({ directory: disk })).rejects.toMatchObject({ code })
    const below = join(disk, 'below')
    await expect(openDiskBroker({ directory: below })).rejects.toMatchObject({ code })
  })
})
