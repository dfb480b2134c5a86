import { describe, expect, it } from 'vitest'
import { brokerErrors } from '../errors.ts'
import {
  entry,
  eventually,
  ManualClock,
  numbered,
  readAll,
  rejectionCode,
  type Bench,
} from './kit.ts'

/** What the base means, and trimming by count, age and bytes. */
export function retentionSuite(bench: Bench): void {
  describe('retention', () => {
    const { retention, clock } = bench.abilities
    if (retention.includes('count')) countTests(bench)
    if (retention.includes('count')) baseTests(bench)
    if (retention.includes('bytes')) bytesTests(bench)
    if (retention.includes('age') && clock) ageTests(bench)
  })
}

function countTests({ open }: Bench): void {
  it('keeps at most maxEntries, the newest', async () => {
    const broker = await open({ maxEntries: 10 })
    for (let call = 0; call < 10; call++) await broker.append(numbered(5, `${call}/`))
    await eventually(async () => {
      const { base, last } = await broker.state()
      return last.offset - base.offset <= 10
    })
    const { base, last } = await broker.state()
    expect(last.offset).toBe(50)
    expect(base.offset).toBe(40)
    const kept = await readAll(broker, { after: base.offset })
    expect(kept.map(({ data }) => data)).toEqual([
      ...numbered(5, '8/').map(({ data }) => data),
      ...numbered(5, '9/').map(({ data }) => data),
    ])
    expect(kept[0]?.position.offset).toBe(41)
  })

  it('forgets trimmed entries in reads by topic too', async () => {
    const broker = await open({ maxEntries: 5 })
    await broker.append([{ topics: ['rare'], data: 'old' }])
    await broker.append(numbered(10))
    await eventually(async () => (await broker.state()).base.offset >= 6)
    const after = (await broker.state()).base.offset
    expect(await readAll(broker, { after, topics: ['rare'] })).toEqual([])
  })
}

function baseTests({ open }: Bench): void {
  it('reads after the base, and says expired for anything before', async () => {
    const broker = await open({ maxEntries: 5 })
    await broker.append(numbered(20))
    await eventually(async () => (await broker.state()).base.offset === 15)
    expect(await readAll(broker, { after: 15 })).toHaveLength(5)
    for (const after of [0, 1, 14]) {
      expect(await rejectionCode(broker.read({ after }))).toBe(brokerErrors.expired.code)
      const byTopic = broker.read({ after, topics: ['news'] })
      expect(await rejectionCode(byTopic)).toBe(brokerErrors.expired.code)
    }
  })

  it('tells the position of the newest removed entry as base', async () => {
    const broker = await open({ maxEntries: 3 })
    const results = await broker.append(numbered(8))
    await eventually(async () => (await broker.state()).base.offset === 5)
    expect((await broker.state()).base).toEqual(results[4]?.position)
  })

  it('never moves the base back', async () => {
    const broker = await open({ maxEntries: 4 })
    let before = 0
    for (let call = 0; call < 30; call++) {
      await broker.append(numbered(3))
      const { base, last } = await broker.state()
      expect(base.offset).toBeGreaterThanOrEqual(before)
      expect(base.offset).toBeLessThanOrEqual(last.offset)
      before = base.offset
    }
  })
}

function bytesTests({ open }: Bench): void {
  it('keeps at most maxBytes', async () => {
    const broker = await open({ maxBytes: 20_000 })
    for (let call = 0; call < 50; call++) await broker.append([entry('x'.repeat(990))])
    const kept = async (): Promise<number> => {
      const { base, last } = await broker.state()
      return last.offset - base.offset
    }
    await eventually(async () => (await kept()) <= 20)
    expect(await kept()).toBeGreaterThanOrEqual(10)
  })

  it('counts UTF-8 bytes, not characters', async () => {
    const broker = await open({ maxBytes: 10_000 })
    for (let call = 0; call < 20; call++) await broker.append([entry('€'.repeat(1_000))])
    await eventually(async () => {
      const { base, last } = await broker.state()
      return last.offset - base.offset <= 3
    })
  })

  it('never removes the newest entry for its size', async () => {
    const broker = await open({ maxBytes: 100 })
    await broker.append([entry('small')])
    await broker.append([entry('x'.repeat(5_000))])
    await eventually(async () => (await broker.state()).base.offset === 1)
    expect(await readAll(broker, { after: 1 })).toHaveLength(1)
  })
}

function ageTests({ open }: Bench): void {
  it('removes what is older than maxAgeMs', async () => {
    const clock = new ManualClock()
    const broker = await open({ maxAgeMs: 1_000, now: clock.now })
    await broker.append(numbered(3))
    clock.ms += 600
    await broker.append(numbered(2))
    clock.ms += 600
    await broker.append(numbered(1))
    await eventually(async () => (await broker.state()).base.offset === 3)
    expect(await readAll(broker, { after: 3 })).toHaveLength(3)
  })

  it('may empty the log, and goes on counting', async () => {
    const clock = new ManualClock()
    const broker = await open({ maxAgeMs: 1_000, now: clock.now })
    const results = await broker.append(numbered(3))
    clock.ms += 5_000
    await eventually(async () => (await broker.state()).base.offset === 3)
    const { base, last } = await broker.state()
    expect(base).toEqual(results[2]?.position)
    expect(last).toEqual(base)
    expect(await broker.read({ after: 3 })).toEqual({ entries: [], through: 3, done: true })
    const [next] = await broker.append([entry('next')])
    expect(next?.position.offset).toBe(4)
  })
}
