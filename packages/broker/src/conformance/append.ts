import { describe, expect, it } from 'vitest'
import { entry, ManualClock, numbered, readAll, type Bench } from './kit.ts'

/** One total order, adjacent batches, contiguous offsets, times that never step back. */
export function appendSuite(bench: Bench): void {
  describe('append', () => {
    orderTests(bench)
    batchTests(bench)
    if (bench.abilities.clock) clockTests(bench)
  })
}

function orderTests({ open }: Bench): void {
  it('starts empty: base and last are the position before the first entry', async () => {
    const broker = await open()
    const { epoch, base, last } = await broker.state()
    expect(epoch).toMatch(/^[a-z0-9]{1,16}$/)
    expect(base).toEqual({ ms: 0, offset: 0 })
    expect(last).toEqual(base)
  })

  it('gives contiguous offsets from 1', async () => {
    const broker = await open()
    for (let offset = 1; offset <= 20; offset++) {
      const [result] = await broker.append([entry(`${offset}`)])
      expect(result?.position.offset).toBe(offset)
      expect(result?.duplicate).toBe(false)
    }
    expect((await broker.state()).last.offset).toBe(20)
  })

  it('stores calls from one publisher in the order of the calls', async () => {
    const broker = await open()
    const results = await Promise.all(numbered(200).map((one) => broker.append([one])))
    expect(results.map(([result]) => result?.position.offset)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    )
    expect((await readAll(broker, { after: 0 })).map(({ data }) => data)).toEqual(
      numbered(200).map(({ data }) => data),
    )
  })

  it('is readable when it has resolved', async () => {
    const broker = await open()
    for (let round = 0; round < 50; round++) {
      const [result] = await broker.append([entry(`round ${round}`)])
      const after = (result?.position.offset ?? 0) - 1
      const page = await broker.read({ after })
      expect(page.entries.map(({ data }) => data)).toEqual([`round ${round}`])
      expect(page.entries[0]?.position).toEqual(result?.position)
      expect((await broker.state()).last).toEqual(result?.position)
    }
  })
}

function batchTests({ open }: Bench): void {
  it('keeps the entries of one call adjacent while others append', async () => {
    const broker = await open()
    const calls = Array.from({ length: 40 }, (_, call) => numbered(7, `${call}/`))
    const results = await Promise.all(calls.map((batch) => broker.append(batch)))
    for (const result of results) {
      const offsets = result.map(({ position }) => position.offset)
      const first = offsets[0] ?? 0
      expect(offsets).toEqual([0, 1, 2, 3, 4, 5, 6].map((step) => first + step))
    }
    const stored = (await readAll(broker, { after: 0 })).map(({ data }) => data)
    expect(stored.toSorted()).toEqual(
      calls
        .flat()
        .map(({ data }) => data)
        .toSorted(),
    )
  })

  it('answers an empty call with nothing and stores nothing', async () => {
    const broker = await open()
    expect(await broker.append([])).toEqual([])
    expect((await broker.state()).last.offset).toBe(0)
  })

  it('keeps a copy: the caller may change its objects afterwards', async () => {
    const broker = await open()
    const topics = ['a', 'b']
    const given = { topics, data: 'before' }
    const appended = broker.append([given])
    topics[0] = 'changed'
    given.data = 'after'
    await appended
    const [stored] = await readAll(broker, { after: 0 })
    expect(stored?.topics).toEqual(['a', 'b'])
    expect(stored?.data).toBe('before')
  })
}

function clockTests({ open }: Bench): void {
  it('never gives a younger entry an older time, also when the clock steps back', async () => {
    const clock = new ManualClock()
    const broker = await open({ now: clock.now })
    const times: number[] = []
    for (const step of [0, 1_000, -3_600_000, 5, -1, 7_200_000]) {
      clock.ms += step
      const results = await broker.append([entry('a'), entry('b')])
      times.push(...results.map(({ position }) => position.ms))
    }
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)).toBe(clock.ms)
    const stored = await readAll(broker, { after: 0 })
    expect(stored.map(({ position }) => position.ms)).toEqual(times)
  })
}
