import { describe, expect, it } from 'vitest'
import { entry, ManualClock, readAll, record, type Bench } from './kit.ts'

/** The same publish id is applied once and answers the first position. */
export function idempotencySuite(bench: Bench): void {
  describe('publish ids', () => {
    onceTests(bench)
    batchTests(bench)
    if (bench.abilities.clock) windowTests(bench)
  })
}

function onceTests({ open }: Bench): void {
  it('applies an id once across calls and answers the first position', async () => {
    const broker = await open()
    const [first] = await broker.append([entry('one', { publishId: 'p' })])
    await broker.append([entry('between')])
    const [second] = await broker.append([entry('again', { publishId: 'p' })])
    expect(first?.duplicate).toBe(false)
    expect(second).toEqual({ position: first?.position, duplicate: true })
    const stored = await readAll(broker, { after: 0 })
    expect(stored.map(({ data }) => data)).toEqual(['one', 'between'])
  })

  it('applies an id once when calls run at the same time', async () => {
    const broker = await open()
    const calls = Array.from({ length: 30 }, (_, index) =>
      broker.append([entry(`${index}`, { publishId: 'same' })]),
    )
    const results = (await Promise.all(calls)).map(([result]) => result)
    expect(results.filter((result) => result?.duplicate === false)).toHaveLength(1)
    expect(new Set(results.map((result) => result?.position.offset))).toEqual(new Set([1]))
    expect(await readAll(broker, { after: 0 })).toHaveLength(1)
  })

  it('hands a duplicate to no tail', async () => {
    const broker = await open()
    const { sink } = await record(broker, 0)
    await broker.append([entry('one', { publishId: 'p' })])
    await broker.append([entry('two', { publishId: 'p' })])
    await broker.append([entry('three')])
    expect(sink.data).toEqual(['one', 'three'])
  })

  it('tells ids apart exactly', async () => {
    const broker = await open()
    const ids = ['a', 'A', 'a ', '', ' ', 'a\u0000', 'ä', 'a\u0308']
    for (const publishId of ids) {
      const [result] = await broker.append([entry('x', { publishId })])
      expect(result?.duplicate).toBe(false)
    }
    expect((await broker.state()).last.offset).toBe(ids.length)
  })
}

function batchTests({ open }: Bench): void {
  it('applies an id once within one call', async () => {
    const broker = await open()
    const results = await broker.append([
      entry('1', { publishId: 'a' }),
      entry('2', { publishId: 'b' }),
      entry('3', { publishId: 'a' }),
      entry('4'),
    ])
    expect(results.map(({ position }) => position.offset)).toEqual([1, 2, 1, 3])
    expect(results.map(({ duplicate }) => duplicate)).toEqual([false, false, true, false])
    const stored = await readAll(broker, { after: 0 })
    expect(stored.map(({ data }) => data)).toEqual(['1', '2', '4'])
  })

  it('stores only what is new of a call that was half known', async () => {
    const broker = await open()
    await broker.append([entry('1', { publishId: 'a' })])
    const results = await broker.append([
      entry('1', { publishId: 'a' }),
      entry('2', { publishId: 'b' }),
    ])
    expect(results.map(({ duplicate }) => duplicate)).toEqual([true, false])
    expect(results.map(({ position }) => position.offset)).toEqual([1, 2])
  })
}

function windowTests({ open, abilities }: Bench): void {
  it('remembers an id until the window ends, then takes it as new', async () => {
    const clock = new ManualClock()
    const broker = await open({ now: clock.now, publishIdWindowMs: 10_000 })
    await broker.append([entry('one', { publishId: 'p' })])
    clock.ms += 9_999
    const [inside] = await broker.append([entry('two', { publishId: 'p' })])
    expect(inside?.duplicate).toBe(true)
    clock.ms += 2
    const [outside] = await broker.append([entry('three', { publishId: 'p' })])
    expect(outside).toMatchObject({ duplicate: false, position: { offset: 2 } })
  })

  if (!abilities.retention.includes('count')) return
  it('remembers an id whose entry was trimmed', async () => {
    const broker = await open({ maxEntries: 2 })
    const [first] = await broker.append([entry('one', { publishId: 'p' })])
    for (let call = 0; call < 10; call++) await broker.append([entry('more')])
    const [again] = await broker.append([entry('one', { publishId: 'p' })])
    expect(again).toEqual({ position: first?.position, duplicate: true })
  })
}
