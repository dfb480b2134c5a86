import { describe, expect, it } from 'vitest'
import type { Broker, Tail } from '../broker.ts'
import {
  entry,
  eventually,
  numbered,
  readAll,
  record,
  Recorder,
  seededRandom,
  type Bench,
} from './kit.ts'

/** Every entry after the position exactly once and in order, or a reset. */
export function tailSuite(bench: Bench): void {
  describe('tail', () => {
    startTests(bench)
    liveTests(bench)
    resetTests(bench)
    closeTests(bench)
    randomTests(bench)
  })
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

function startTests({ open }: Bench): void {
  it('says live before anything else', async () => {
    const broker = await open()
    await broker.append(numbered(3))
    const { sink } = await record(broker, 0)
    await eventually(() => sink.received.length === 3)
    expect(sink.calls[0]).toBe('live')
    expect(sink.calls.filter((call) => call === 'live')).toHaveLength(1)
  })

  it('starts from the beginning and goes on live', async () => {
    const broker = await open()
    await broker.append(numbered(1_200))
    const { sink } = await record(broker, 0)
    await broker.append([entry('live')])
    await eventually(() => sink.received.length === 1_201)
    expect(sink.offsets).toEqual(range(1, 1_201))
    expect(sink.data.at(-1)).toBe('live')
  })

  it('starts in the middle', async () => {
    const broker = await open()
    await broker.append(numbered(10))
    const { sink } = await record(broker, 6)
    await eventually(() => sink.received.length === 4)
    expect(sink.offsets).toEqual([7, 8, 9, 10])
    expect(sink.received).toEqual(await readAll(broker, { after: 6 }))
  })

  it('starts at the end', async () => {
    const broker = await open()
    await broker.append(numbered(10))
    const { sink } = await record(broker, 10)
    await broker.append([entry('next')])
    await eventually(() => sink.received.length === 1)
    expect(sink.offsets).toEqual([11])
    expect(sink.resets).toEqual([])
  })
}

function liveTests({ open }: Bench): void {
  it('hands an entry over no later than its append resolves', async () => {
    const broker = await open()
    const { sink } = await record(broker, 0)
    for (let round = 1; round <= 50; round++) {
      await broker.append([entry(`${round}`)])
      expect(sink.received).toHaveLength(round)
    }
  })

  it('hands over only what can be read', async () => {
    const broker = await open()
    const { sink } = await record(broker, 0)
    const reads: Promise<unknown>[] = []
    sink.onEntries = (batch) => {
      const offset = batch.at(-1)?.position.offset ?? 0
      const read = broker.read({ after: offset - 1, until: offset })
      reads.push(read.then((page) => expect(page.entries).toEqual(batch.slice(-1))))
    }
    await Promise.all(numbered(50).map((one) => broker.append([one])))
    await eventually(() => sink.received.length === 50)
    await Promise.all(reads)
  })

  it('keeps the order for every tail when a sink appends', async () => {
    const broker = await open()
    const first = await record(broker, 0)
    const second = await record(broker, 0)
    const answers: Promise<unknown>[] = []
    first.sink.onEntries = (batch) => {
      const questions = batch.filter(({ data }) => data.startsWith('question'))
      for (const { data } of questions) answers.push(broker.append([entry(`answer to ${data}`)]))
    }
    await broker.append(numbered(3, 'question '))
    await Promise.all(answers)
    await eventually(() => second.sink.received.length === 6)
    expect(first.sink.offsets).toEqual(range(1, 6))
    expect(second.sink.offsets).toEqual(range(1, 6))
  })
}

function resetTests({ open, abilities }: Bench): void {
  it('resets when the position is beyond the end, then follows', async () => {
    const broker = await open()
    await broker.append(numbered(3))
    const { sink } = await record(broker, 50)
    await eventually(() => sink.resets.length === 1)
    expect(sink.resets[0]?.last.offset).toBe(3)
    await broker.append([entry('next')])
    await eventually(() => sink.received.length === 1)
    expect(sink.offsets).toEqual([4])
  })

  if (!abilities.retention.includes('count')) return
  it('resets when what comes next is trimmed, then follows from the state it told', async () => {
    const broker = await open({ maxEntries: 5 })
    await broker.append(numbered(20))
    await eventually(async () => (await broker.state()).base.offset === 15)
    const { sink } = await record(broker, 3)
    await eventually(() => sink.resets.length === 1)
    expect(sink.resets[0]).toEqual(await broker.state())
    await broker.append([entry('next')])
    await eventually(() => sink.received.length === 1)
    expect(sink.offsets).toEqual([21])
  })

  it('does not reset at the base', async () => {
    const broker = await open({ maxEntries: 5 })
    await broker.append(numbered(20))
    await eventually(async () => (await broker.state()).base.offset === 15)
    const { sink } = await record(broker, 15)
    await eventually(() => sink.received.length === 5)
    expect(sink.resets).toEqual([])
  })
}

function closeTests({ open }: Bench): void {
  it('is silent after close, also when closed during delivery', async () => {
    const broker = await open()
    const { sink, tail } = await record(broker, 0)
    const other = await record(broker, 0)
    sink.onEntries = () => {
      if (sink.received.length >= 3) tail.close()
    }
    for (const one of numbered(10)) await broker.append([one])
    await eventually(() => other.sink.received.length === 10)
    expect(sink.offsets).toEqual([1, 2, 3])
    tail.close()
  })

  it('is silent after close during catch-up', async () => {
    const broker = await open()
    await broker.append(numbered(3_000))
    const { sink, tail } = await record(broker, 0)
    tail.close()
    const received = sink.received.length
    await broker.append([entry('more')])
    await broker.read({ after: 0 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sink.received).toHaveLength(received)
  })

  it('is silent after the broker closed', async () => {
    const broker = await open()
    const { sink } = await record(broker, 0)
    await broker.append(numbered(2))
    await broker.close()
    const calls = sink.calls.length
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(sink.calls).toHaveLength(calls)
  })
}

/** Appends small batches until `total` entries are in, with other work in between. */
async function appendRandomly(
  broker: Broker,
  total: number,
  random: () => number,
): Promise<string[]> {
  const expected: string[] = []
  const running: Promise<unknown>[] = []
  while (expected.length < total) {
    const batch = numbered(1 + Math.floor(random() * 6), `${expected.length}+`)
    running.push(
      broker.append(batch).then((results) => {
        for (const [index, { position }] of results.entries()) {
          expected[position.offset - 1] = batch[index]?.data ?? ''
        }
      }),
    )
    if (random() < 0.2) await Promise.all(running.splice(0))
    if (random() < 0.05) await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(running)
  return expected
}

function randomTests({ open }: Bench): void {
  it('hands over every entry exactly once to tails that start anywhere meanwhile', async () => {
    for (const seed of [1, 2, 3]) {
      const random = seededRandom(seed)
      const broker = await open()
      await broker.append(numbered(700, 'before '))
      const started: { after: number; sink: Recorder; tail: Promise<Tail> }[] = []
      const starting = setInterval(() => {
        if (started.length === 40) return
        const after = Math.floor(random() * 700)
        const sink = new Recorder()
        started.push({ after, sink, tail: broker.tail(after, sink) })
      }, 1)
      const written = await appendRandomly(broker, 3_000, random)
      clearInterval(starting)
      const all = await readAll(broker, { after: 0 })
      const end = all.length
      expect(all.slice(700).map(({ data }) => data)).toEqual(written.slice(700))
      for (const { after, sink } of started) {
        await eventually(() => sink.offsets.at(-1) === end)
        expect(sink.received).toEqual(all.slice(after))
        expect(sink.resets).toEqual([])
      }
    }
  })
}
