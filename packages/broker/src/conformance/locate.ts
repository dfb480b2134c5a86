import { describe, expect, it } from 'vitest'
import type { Broker, Position } from '../broker.ts'
import { entry, eventually, ManualClock, numbered, type Bench } from './kit.ts'

/** What a position that a reader brings back means. */
export function locateSuite(bench: Bench): void {
  describe('locate', () => {
    okTests(bench)
    if (bench.abilities.retention.includes('count')) expiredTests(bench)
    divergedTests(bench)
    if (bench.abilities.clock) anchorTests(bench)
  })
}

function okTests({ open }: Bench): void {
  it('is ok at every entry of the log', async () => {
    const broker = await open()
    for (const { position } of await broker.append(numbered(5))) {
      expect(await broker.locate(position)).toEqual({ status: 'ok', resume: position })
    }
  })

  it('is ok before the first entry of a log that was never trimmed', async () => {
    const broker = await open()
    const start = { ms: 0, offset: 0 }
    expect(await broker.locate(start)).toEqual({ status: 'ok', resume: start })
    await broker.append(numbered(3))
    expect(await broker.locate(start)).toEqual({ status: 'ok', resume: start })
  })
}

function expiredTests({ open }: Bench): void {
  it('is ok at the base and expired before it', async () => {
    const broker = await open({ maxEntries: 5 })
    const results = await broker.append(numbered(12))
    await eventually(async () => (await broker.state()).base.offset === 7)
    const { base } = await broker.state()
    expect(await broker.locate(base)).toEqual({ status: 'ok', resume: base })
    const positions = results.slice(0, 6).map(({ position }) => position)
    for (const position of [...positions, { ms: 0, offset: 0 }]) {
      expect(await broker.locate(position)).toEqual({ status: 'expired', resume: base })
    }
  })
}

function divergedTests({ open }: Bench): void {
  it('has diverged when the anchor differs', async () => {
    const broker = await open()
    const [, second] = await broker.append(numbered(3))
    const { ms, offset } = second?.position ?? { ms: 0, offset: 0 }
    expect((await broker.locate({ ms: ms - 1, offset })).status).toBe('diverged')
    expect((await broker.locate({ ms: ms + 1, offset })).status).toBe('diverged')
  })

  it('has diverged when the position is from the future', async () => {
    const broker = await open()
    await broker.append(numbered(3))
    const { last } = await broker.state()
    const future = { ms: last.ms + 1, offset: last.offset + 100 }
    expect(await broker.locate(future)).toEqual({ status: 'diverged', resume: last })
  })

  it('has diverged in an empty log', async () => {
    const broker = await open()
    const start = { ms: 0, offset: 0 }
    expect(await broker.locate({ ms: 5, offset: 9 })).toEqual({ status: 'diverged', resume: start })
    expect(await broker.locate({ ms: 5, offset: 0 })).toEqual({ status: 'diverged', resume: start })
  })
}

/** Ten entries, one a second. */
async function tenSeconds(bench: Bench): Promise<{ broker: Broker; positions: Position[] }> {
  const clock = new ManualClock()
  const broker = await bench.open({ now: clock.now, maxEntries: 1_000 })
  const positions: Position[] = []
  for (let second = 0; second < 10; second++) {
    const results = await broker.append([entry(`${second}`)])
    positions.push(...results.map(({ position }) => position))
    clock.ms += 1_000
  }
  return { broker, positions }
}

function anchorTests(bench: Bench): void {
  it('resumes at the newest entry that is not younger than the anchor', async () => {
    const { broker, positions } = await tenSeconds(bench)
    for (const [index, position] of positions.entries()) {
      const resume = position
      for (const ms of [position.ms + 1, position.ms + 999]) {
        const located = await broker.locate({ ms, offset: position.offset })
        expect(located).toEqual({ status: 'diverged', resume })
      }
      const far = await broker.locate({ ms: position.ms, offset: index + 500 })
      expect(far).toEqual({ status: 'diverged', resume })
    }
  })

  it('resumes at the base when every entry is younger than the anchor', async () => {
    const { broker } = await tenSeconds(bench)
    const { base } = await broker.state()
    const located = await broker.locate({ ms: 12, offset: 4 })
    expect(located).toEqual({ status: 'diverged', resume: base })
  })
}
