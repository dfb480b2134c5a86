import { describe, expect, it } from 'vitest'
import type { NewEntry } from '../broker.ts'
import { asRead, entry, readAll, record, withoutPosition, type Bench } from './kit.ts'

const TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b\u0000',
  'line\nfeed\r\nand\rreturn\u2028\u2029',
  '\uFEFFbyte order mark',
  '😀 emoji, ä, 漢字, \u{10FFFF}',
  '\uFFFD\uFFFE\uFFFF',
  '"quotes" \\backslash {"json":[1]}',
  '__proto__',
]

/** Whatever text a publisher sends comes back as it was. */
export function hostileSuite(bench: Bench): void {
  describe('hostile data', () => {
    fieldTests(bench)
    surrogateTests(bench)
    topicTests(bench)
    sizeTests(bench)
  })
}

function fieldTests({ open }: Bench): void {
  it('keeps every field as it was given', async () => {
    const broker = await open()
    const given: NewEntry[] = [
      { topics: ['a'], data: 'bare' },
      { topics: ['a', 'b'], data: 'full', type: 't', key: 'k', private: true, retry: 1_500 },
      { topics: ['a'], data: 'empty', type: '', key: '' },
      { topics: ['a'], data: 'zero', retry: 0, private: false },
      { topics: ['a'], data: 'id', publishId: 'p-1', retry: 2 ** 40 },
    ]
    const { sink } = await record(broker, 0)
    await broker.append(given)
    const stored = await readAll(broker, { after: 0 })
    expect(stored.map(withoutPosition)).toEqual(given.map(asRead))
    expect(sink.received).toEqual(stored)
    expect(stored.map((one) => one.private === true)).toEqual([false, true, false, false, false])
  })

  it('keeps any text in any field', async () => {
    const broker = await open()
    const given = TEXTS.map((text) => ({ topics: [text], data: text, type: text, key: text }))
    await broker.append(given)
    const stored = await readAll(broker, { after: 0 })
    expect(stored.map(withoutPosition)).toEqual(given.map(asRead))
    for (const [index, text] of TEXTS.entries()) {
      const found = await readAll(broker, { after: 0, topics: [text] })
      expect(found.map(({ position }) => position.offset)).toEqual([index + 1])
    }
  })
}

function surrogateTests({ open }: Bench): void {
  it('gives U+FFFD for each half of a broken surrogate pair', async () => {
    const broker = await open()
    const broken = 'a\uD800b\uDC00c\uDBFF'
    const mended = 'a\uFFFDb\uFFFDc\uFFFD'
    const { sink } = await record(broker, 0)
    await broker.append([{ topics: [broken], data: broken, type: broken, key: broken }])
    const [stored] = await readAll(broker, { after: 0 })
    const expected = { topics: [mended], data: mended, type: mended, key: mended }
    expect(stored).toMatchObject(expected)
    expect(sink.received[0]).toMatchObject(expected)
    expect(await readAll(broker, { after: 0, topics: [mended] })).toHaveLength(1)
  })
}

function topicTests({ open }: Bench): void {
  it('finds an entry by each of 100 topics', async () => {
    const broker = await open()
    const topics = Array.from({ length: 100 }, (_, index) => `topic/${index}`)
    await broker.append([{ topics, data: 'x' }, entry('y')])
    for (const topic of topics) {
      const found = await readAll(broker, { after: 0, topics: [topic] })
      expect(found.map(({ data }) => data)).toEqual(['x'])
    }
    expect(await readAll(broker, { after: 0, topics })).toHaveLength(1)
  })

  it('does not take one topic for another that continues it', async () => {
    const broker = await open()
    const topics = ['a', 'a\u0000', 'a\u0000\u0000', 'aa', 'a/', 'a\u0001', '\u0000a', '']
    await broker.append(topics.map((topic) => ({ topics: [topic], data: topic })))
    for (const topic of topics) {
      const found = await readAll(broker, { after: 0, topics: [topic] })
      expect(found.map(({ data }) => data)).toEqual([topic])
    }
  })
}

function sizeTests({ open }: Bench): void {
  it('keeps data of any length up to the limit', async () => {
    const broker = await open({ maxEntryBytes: 300_000 })
    const lengths = [0, 1, 127, 128, 255, 256, 4_095, 65_535, 65_536, 262_144]
    const given = lengths.map((length) => entry('é'.repeat(length / 2) + 'x'.repeat(length % 2)))
    await broker.append(given)
    const stored = await readAll(broker, { after: 0 })
    expect(stored.map(({ data }) => data)).toEqual(given.map(({ data }) => data))
  })
}
