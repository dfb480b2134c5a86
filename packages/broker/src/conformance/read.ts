import { describe, expect, it } from 'vitest'
import type { Broker } from '../broker.ts'
import { entry, numbered, readAll, seededRandom, type Bench } from './kit.ts'

/** Ranges, limits and topics. */
export function readSuite(bench: Bench): void {
  describe('read', () => {
    rangeTests(bench)
    limitTests(bench)
    topicTests(bench)
    topicPageTests(bench)
  })
}

async function withEntries(bench: Bench, count: number): Promise<Broker> {
  const broker = await bench.open()
  await broker.append(numbered(count))
  return broker
}

function rangeTests(bench: Bench): void {
  it('returns what is after an offset, in order', async () => {
    const broker = await withEntries(bench, 10)
    const page = await broker.read({ after: 7 })
    expect(page.entries.map(({ position }) => position.offset)).toEqual([8, 9, 10])
    expect(page).toMatchObject({ through: 10, done: true })
  })

  it('stops at until, inclusive', async () => {
    const broker = await withEntries(bench, 10)
    const page = await broker.read({ after: 2, until: 5 })
    expect(page.entries.map(({ position }) => position.offset)).toEqual([3, 4, 5])
    expect(page).toMatchObject({ through: 5, done: true })
  })

  it('takes an until beyond the newest entry as the newest entry', async () => {
    const broker = await withEntries(bench, 3)
    const page = await broker.read({ after: 1, until: 1_000 })
    expect(page.entries).toHaveLength(2)
    expect(page).toMatchObject({ through: 3, done: true })
  })

  it('answers an empty range at once', async () => {
    const broker = await withEntries(bench, 3)
    expect(await broker.read({ after: 3 })).toEqual({ entries: [], through: 3, done: true })
    expect(await broker.read({ after: 2, until: 1 })).toMatchObject({ entries: [], done: true })
    expect(await broker.read({ after: 99 })).toMatchObject({ entries: [], done: true })
    const empty = await bench.open()
    expect(await empty.read({ after: 0 })).toEqual({ entries: [], through: 0, done: true })
  })
}

function limitTests(bench: Bench): void {
  it('returns at most maxEntries and says where to go on', async () => {
    const broker = await withEntries(bench, 10)
    const first = await broker.read({ after: 0, maxEntries: 4 })
    expect(first.entries).toHaveLength(4)
    expect(first).toMatchObject({ through: 4, done: false })
    const second = await broker.read({ after: first.through, maxEntries: 6 })
    expect(second.entries).toHaveLength(6)
    expect(second).toMatchObject({ through: 10, done: true })
  })

  it('returns 500 entries by default', async () => {
    const broker = await withEntries(bench, 600)
    const page = await broker.read({ after: 0 })
    expect(page.entries).toHaveLength(500)
    expect(page.done).toBe(false)
  })

  it('stops after the entry that exceeds maxBytes, and always makes progress', async () => {
    const broker = await bench.open()
    await broker.append(Array.from({ length: 10 }, () => entry('x'.repeat(1_000))))
    const page = await broker.read({ after: 0, maxBytes: 2_500 })
    expect(page.entries).toHaveLength(3)
    expect(page).toMatchObject({ through: 3, done: false })
    expect((await broker.read({ after: 0, maxBytes: 1 })).entries).toHaveLength(1)
    expect(await readAll(broker, { after: 0, maxBytes: 1 })).toHaveLength(10)
  })
}

function topicTests({ open }: Bench): void {
  it('returns only entries that carry one of the topics, each once', async () => {
    const broker = await open()
    await broker.append([
      { topics: ['a'], data: '1' },
      { topics: ['b'], data: '2' },
      { topics: ['a', 'b'], data: '3' },
      { topics: ['c', 'a', 'a'], data: '4' },
      { topics: ['ab'], data: '5' },
    ])
    const data = async (topics: string[]): Promise<string[]> =>
      (await readAll(broker, { after: 0, topics })).map((one) => one.data)
    expect(await data(['a'])).toEqual(['1', '3', '4'])
    expect(await data(['a', 'b'])).toEqual(['1', '2', '3', '4'])
    expect(await data(['a', 'a'])).toEqual(['1', '3', '4'])
    expect(await data(['ab', 'nobody'])).toEqual(['5'])
    expect(await data([])).toEqual([])
  })

  it('looked through everything when no more entries match', async () => {
    const broker = await open()
    await broker.append([{ topics: ['a'], data: '1' }, ...numbered(20)])
    const page = await broker.read({ after: 0, topics: ['a'] })
    expect(page.entries).toHaveLength(1)
    expect(page).toMatchObject({ through: 21, done: true })
  })
}

function topicPageTests({ open }: Bench): void {
  it('pages through any mix of topics exactly as a filter of the whole log', async () => {
    const random = seededRandom(7)
    const broker = await open()
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const pick = (): string[] => names.filter(() => random() < 0.3)
    for (let call = 0; call < 60; call++) {
      await broker.append(
        Array.from({ length: 5 }, (_, index) => ({
          topics: ['all', ...pick()],
          data: `${call}.${index}`,
        })),
      )
    }
    const everything = await readAll(broker, { after: 0 })
    for (let round = 0; round < 40; round++) {
      const topics = pick()
      const after = Math.floor(random() * 300)
      const until = after + Math.floor(random() * 300)
      const maxEntries = 1 + Math.floor(random() * 40)
      const found = await readAll(broker, { after, until, topics, maxEntries })
      const expected = everything.filter(
        ({ position, topics: carried }) =>
          position.offset > after &&
          position.offset <= until &&
          carried.some((topic) => topics.includes(topic)),
      )
      expect(found).toEqual(expected)
    }
  })
}
