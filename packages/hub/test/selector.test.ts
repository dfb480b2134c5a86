import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SelectorIndex } from '../src/selector-index.ts'
import { checkSelector, rightsCover, selectorCovers, selectorMatches } from '../src/selector.ts'
import { checkTopic } from '../src/topic.ts'

const matching = [
  ['news', 'news'],
  ['a/*', 'a/b'],
  ['*', 'a'],
  ['*/b', 'a/b'],
  ['a/*/c', 'a/x/c'],
  ['a/**', 'a/b'],
  ['a/**', 'a/b/c/d'],
  ['**', 'a'],
  ['**', 'a/b/c'],
  ['a/*/**', 'a/b/c/d'],
  ['https://example.com/books/*', 'https://example.com/books/1'],
] as const

const notMatching = [
  ['news', 'News'],
  ['a/*', 'a'],
  ['a/*', 'a/b/c'],
  ['*', 'a/b'],
  ['a/**', 'a'],
  ['a/**', 'ab/c'],
  ['a/*/c', 'a/c'],
] as const

describe('a selector', () => {
  it.each(matching)('%s matches %s', (selector, topic) => {
    expect(selectorMatches(selector, topic)).toBe(true)
  })

  it.each(notMatching)('%s does not match %s', (selector, topic) => {
    expect(selectorMatches(selector, topic)).toBe(false)
  })

  it.each(['', 'a*', '*a/b', '**/a', 'a/**/b', 'a/***', 'a\nb', 'a\u0000', 'x'.repeat(257)])(
    '%j is refused',
    (selector) => {
      expect(() => checkSelector(selector)).toThrow(
        expect.objectContaining({ code: 'HL_SELECTOR_INVALID' }),
      )
    },
  )

  it.each([undefined, null, 7, {}, ['a']])('of another type is refused: %j', (selector) => {
    expect(() => checkSelector(selector)).toThrow(
      expect.objectContaining({ code: 'HL_SELECTOR_INVALID' }),
    )
  })
})

describe('a topic', () => {
  it.each(['a', 'a/b', '/a//b/', 'https://x.y/z?q=1#f', 'ü/日本', '😀'])('%j is taken', (topic) => {
    expect(checkTopic(topic)).toBe(topic)
  })

  it.each([
    '',
    'a*',
    '**',
    'a\rb',
    'a\u007f',
    'a\u0085',
    '\ud800',
    '\udc00x',
    'x'.repeat(257),
    5,
    null,
  ])('%j is refused', (topic) => {
    expect(() => checkTopic(topic)).toThrow(
      expect.objectContaining({ code: 'HL_TOPIC_INVALID', status: 400 }),
    )
  })
})

const level = fc.constantFrom('a', 'b', 'c', '')
const topic = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((t) => t !== '')
const selector = fc
  .tuple(
    fc.array(fc.oneof(level, fc.constant('*')), { maxLength: 3 }),
    fc.constantFrom('a', '*', '**'),
  )
  .map(([levels, last]) => [...levels, last].join('/'))

describe('covering', () => {
  it('means that everything the selector matches is matched by the right', () => {
    fc.assert(
      fc.property(selector, selector, topic, (right, asked, name) => {
        if (selectorCovers(right, asked) && selectorMatches(asked, name)) {
          expect(selectorMatches(right, name)).toBe(true)
        }
      }),
      { numRuns: 5_000 },
    )
  })

  it('is given for everything without rights and for nothing with an empty list', () => {
    expect(rightsCover(undefined, '**')).toBe(true)
    expect(rightsCover([], 'a')).toBe(false)
    expect(rightsCover(['a/*', 'b/**'], 'b/c/*')).toBe(true)
    expect(rightsCover(['a/*'], 'a/**')).toBe(false)
  })
})

describe('the index', () => {
  it('visits exactly the selectors that match, through adds and deletes', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), selector), { maxLength: 40 })
    fc.assert(
      fc.property(steps, topic, (changes, name) => {
        const index = new SelectorIndex<string>()
        const present = new Set<string>()
        for (const [isAdd, value] of changes) {
          if (isAdd) index.add(value, value)
          else index.delete(value, value)
          if (isAdd) present.add(value)
          else present.delete(value)
        }
        const visited: string[] = []
        index.visit(name, (value) => visited.push(value))
        const expected = [...present].filter((value) => selectorMatches(value, name))
        expect(visited.sort()).toEqual(expected.sort())
      }),
      { numRuns: 2_000 },
    )
  })

  it('does not grow the work with selectors that do not match', () => {
    const index = new SelectorIndex<number>()
    for (let i = 0; i < 50_000; i++) index.add(`room/${i}`, i)
    for (let i = 0; i < 1_000; i++) index.add(`room${i}/*`, i)
    let visits = 0
    index.visit('room/77', () => visits++)
    expect(visits).toBe(1)
  })
})
