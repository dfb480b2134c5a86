import { describe, expect, it } from 'vitest'
import { openDiskBroker } from '../src/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

describe('waiting appends', () => {
  it('are bounded in bytes: more are throttled, and later ones are taken again', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory, maxPendingBytes: 100_000 })
    const entry = { topics: ['t'], data: 'x'.repeat(1_000) }
    const outcomes = await Promise.allSettled(
      Array.from({ length: 300 }, () => broker.append([entry])),
    )
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused.length).toBeGreaterThan(150)
    for (const outcome of refused) {
      expect(outcome).toMatchObject({ reason: { code: 'HL_BROKER_THROTTLED', retryable: true } })
    }
    const { last } = await broker.state()
    expect(last.offset).toBe(300 - refused.length)
    await broker.append([entry])
    expect((await broker.state()).last.offset).toBe(last.offset + 1)
    await broker.close()
  })

  it('take one call of any size', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory, maxPendingBytes: 1_000 })
    const entries = Array.from({ length: 5_000 }, (_, index) => ({
      topics: [`t${index % 3}`],
      data: `${index}`,
    }))
    await broker.append(entries)
    const page = await broker.read({ after: 0, topics: ['t2'], maxEntries: 5_000 })
    expect(page.entries.map(({ data }) => Number(data))).toEqual(
      entries.flatMap((_, index) => (index % 3 === 2 ? [index] : [])),
    )
    await broker.close()
  })
})

describe('durability', () => {
  it('is told as what it is', async () => {
    for (const [fsync, durability] of [
      ['always', 'disk'],
      ['interval', 'memory'],
      ['never', 'memory'],
    ] as const) {
      const broker = await openDiskBroker({ directory: await temporaryDirectory(), fsync })
      await broker.append([{ topics: ['t'], data: 'x' }])
      expect(broker.durability).toBe(durability)
      await broker.close()
    }
  })

  it('by interval writes the last appends before a silence too', async () => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory, fsync: 'interval', fsyncIntervalMs: 20 })
    await broker.append([{ topics: ['t'], data: 'x' }])
    await broker.append([{ topics: ['t'], data: 'y' }])
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect((await broker.read({ after: 0 })).entries).toHaveLength(2)
    await broker.close()
    const again = await openDiskBroker({ directory })
    expect(again.recovery).toMatchObject({ clean: true, last: { offset: 2 } })
    await again.close()
  })
})
