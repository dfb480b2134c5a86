import { describe, expect, it } from 'vitest'
import { brokerErrors } from '../errors.ts'
import {
  entry,
  eventually,
  ManualClock,
  numbered,
  readAll,
  record,
  rejectionCode,
  type Bench,
} from './kit.ts'

/** What a close and an open must not change. */
export function durableSuite(bench: Bench): void {
  describe('after a restart', () => {
    keptTests(bench)
    idTests(bench)
    if (bench.abilities.retention.includes('count')) baseTests(bench)
  })
}

function keptTests({ open, reopen, abilities }: Bench): void {
  it('has the same epoch, entries and positions', async () => {
    const broker = await open()
    await broker.append([entry('full', { type: 't', key: 'k', private: true, retry: 5 })])
    await broker.append(numbered(700))
    const before = { state: await broker.state(), entries: await readAll(broker, { after: 0 }) }
    const again = await reopen(broker)
    expect(await again.state()).toEqual(before.state)
    expect(await readAll(again, { after: 0 })).toEqual(before.entries)
    expect(await again.locate(before.state.last)).toMatchObject({ status: 'ok' })
  })

  it('goes on counting, and follows for a tail from before', async () => {
    const broker = await open()
    await broker.append(numbered(5))
    const again = await reopen(broker)
    const { sink } = await record(again, 3)
    const [next] = await again.append([entry('next')])
    expect(next?.position.offset).toBe(6)
    await eventually(() => sink.received.length === 3)
    expect(sink.offsets).toEqual([4, 5, 6])
  })

  if (!abilities.clock) return
  it('keeps times in order when the clock of the new process is behind', async () => {
    const clock = new ManualClock()
    const broker = await open({ now: clock.now })
    const [first] = await broker.append([entry('x')])
    clock.ms -= 3_600_000
    const again = await reopen(broker, { now: clock.now })
    const [second] = await again.append([entry('y')])
    expect(second?.position.ms).toBe(first?.position.ms)
  })
}

function idTests({ open, reopen, abilities }: Bench): void {
  it('still knows the publish ids of the window', async () => {
    const broker = await open()
    const results = await broker.append([
      entry('1', { publishId: 'a' }),
      entry('2', { publishId: 'b\u0000' }),
    ])
    const again = await reopen(broker)
    const repeated = await again.append([
      entry('1', { publishId: 'a' }),
      entry('2', { publishId: 'b\u0000' }),
      entry('3', { publishId: 'c' }),
    ])
    expect(repeated.map(({ duplicate }) => duplicate)).toEqual([true, true, false])
    expect(repeated.slice(0, 2).map(({ position }) => position)).toEqual(
      results.map(({ position }) => position),
    )
  })

  if (!abilities.clock) return
  it('forgets publish ids whose window ended meanwhile', async () => {
    const clock = new ManualClock()
    const options = { now: clock.now, publishIdWindowMs: 1_000 }
    const broker = await open(options)
    await broker.append([entry('1', { publishId: 'a' })])
    clock.ms += 5_000
    const again = await reopen(broker, options)
    const [result] = await again.append([entry('1', { publishId: 'a' })])
    expect(result?.duplicate).toBe(false)
  })
}

function baseTests({ open, reopen }: Bench): void {
  it('keeps the base with its time', async () => {
    const options = { maxEntries: 5 }
    const broker = await open(options)
    await broker.append(numbered(12))
    await eventually(async () => (await broker.state()).base.offset === 7)
    const before = await broker.state()
    const again = await reopen(broker, options)
    expect(await again.state()).toEqual(before)
    expect(await again.locate(before.base)).toMatchObject({ status: 'ok' })
    expect(await rejectionCode(again.read({ after: 6 }))).toBe(brokerErrors.expired.code)
  })
}
