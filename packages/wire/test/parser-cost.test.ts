import { afterEach, expect, it } from 'vitest'
import { createParser } from '../src/index.ts'

let work = 0
const restores: (() => void)[] = []

type Method = (...values: unknown[]) => unknown
type Cost = (text: string, values: readonly unknown[], result: unknown) => number

function watch(prototype: object, name: string, cost: Cost): void {
  const real = Reflect.get(prototype, name) as Method
  Reflect.set(prototype, name, function (this: string, ...values: unknown[]): unknown {
    const result = Reflect.apply(real, this, values)
    work += cost(this, values, result)
    return result
  })
  restores.push(() => Reflect.set(prototype, name, real))
}

const lengthOf: Cost = (_, __, result) => (result as string).length

/**
 * Counts the characters that are looked at or copied, instead of the time that takes: everything by
 * which a parser in this language can do so.
 */
function count(): void {
  work = 0
  watch(String.prototype, 'indexOf', (text, [, from = 0], found) => {
    return (found === -1 ? text.length : Number(found) + 1) - Math.min(Number(from), text.length)
  })
  watch(String.prototype, 'charCodeAt', () => 1)
  watch(String.prototype, 'startsWith', (_, [start]) => (start as string).length)
  for (const name of ['slice', 'substring', 'replace', 'trim', 'concat']) {
    watch(String.prototype, name, lengthOf)
  }
  for (const name of ['split', 'search', 'match', 'lastIndexOf', 'includes', 'endsWith']) {
    watch(String.prototype, name, (text) => text.length)
  }
  watch(Array.prototype, 'join', lengthOf)
}

function stopCounting(): void {
  for (const restore of restores.splice(0)) restore()
}

afterEach(stopCounting)

/** Characters looked at or copied for each one of the stream, in chunks of `size` bytes. */
function workPerByte(stream: string, size: number): number {
  const bytes = new TextEncoder().encode(stream)
  let length = 0
  const parser = createParser({ onEvent: ({ data }) => (length += data.length) })
  count()
  for (let at = 0; at < bytes.length; at += size) parser.feed(bytes.subarray(at, at + size))
  stopCounting()
  expect(length).toBeGreaterThan(0)
  return work / bytes.length
}

const MB = 1_000_000

it('looks at a line of 5 MB in chunks of one byte no more often for each byte than at one of 50 KB', () => {
  const short = workPerByte(`data: ${'x'.repeat(0.05 * MB)}\n\n`, 1)
  const long = workPerByte(`data: ${'x'.repeat(5 * MB)}\n\n`, 1)
  expect(long).toBeLessThan(12)
  expect(long / short).toBeLessThan(1.05)
})

it.each([
  ['lines of data', 'data: x\n'],
  ['lines of data that end with CRLF', 'data: x\r\n'],
  ['lines of data that end with CR', 'data: x\r'],
  ['comments', ':x\n'],
  ['lines without a colon', 'nothing\n'],
  ['empty lines', '\n\n'],
  ['ids', 'id: 7\n'],
])('is linear for very many %s in one block, however they are cut', (_, unit) => {
  for (const size of [1, 50, 4096, 1 << 20]) {
    const stream = (bytes: number): string => `${unit.repeat(bytes / unit.length)}data: end\n\n`
    const few = workPerByte(stream(0.02 * MB), size)
    const many = workPerByte(stream(0.5 * MB), size)
    expect(many).toBeLessThan(12)
    expect(many / few).toBeLessThan(1.5)
  }
})
