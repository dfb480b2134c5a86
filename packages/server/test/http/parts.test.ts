import { toProblem } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { describe, expect, it } from 'vitest'
import { parseJson } from '../../src/http/json.ts'
import { locateJsonError } from '../../src/http/json-error.ts'
import { accepts, parseMediaType } from '../../src/http/media-type.ts'
import { splitTarget } from '../../src/http/target.ts'

describe('accepts', () => {
  it.each([
    [undefined, true],
    ['*/*', true],
    ['text/event-stream', true],
    ['TEXT/*;q=0.5', true],
    ['application/json, text/event-stream', true],
    ['application/json', false],
    ['text/event-stream;q=0', false],
    ['*/*, text/event-stream;q=0', false],
    ['text/event-stream;q=0, */*', false],
    ['text/*;q=0, text/event-stream', true],
    ['', false],
  ])('%j: %j', (header, expected) => {
    expect(accepts(header, 'text/event-stream')).toBe(expected)
  })
})

it('reads media types', () => {
  expect(parseMediaType('Application/JSON; Charset="UTF-8"')).toEqual({
    type: 'application/json',
    charset: 'utf-8',
  })
  expect(parseMediaType('text/plain; x=y')).toEqual({ type: 'text/plain' })
  expect(parseMediaType(undefined)).toEqual({ type: '' })
})

it.each([
  ['', 0],
  ['{', 1],
  ['[1,]', 3],
  ['{"a":}', 5],
  ['{"a" 1}', 5],
  ['{a:1}', 1],
  ['"abc', 4],
  ['"a\nb"', 2],
  ['"\\x"', 1],
  ['[1 2]', 3],
  ['{"a":1} x', 8],
  ['[1,2}', 4],
  ['01', 1],
  ['"a\\"', 4],
])('finds where %j stops being JSON', (text, position) => {
  expect(() => parseJson(text)).toThrow(HeartlineError)
  expect(locateJsonError(text).position).toBe(position)
})

it('counts the depth of JSON outside its texts', () => {
  const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
  expect(() => parseJson(deep(64))).not.toThrow()
  expect(() => parseJson(deep(65))).toThrow(expect.objectContaining({ code: 'HL_JSON_TOO_DEEP' }))
  expect(parseJson(JSON.stringify(`\\"${deep(100)}\\`))).toBe(`\\"${deep(100)}\\`)
  expect(() => parseJson(deep(2_000_000))).toThrow(
    expect.objectContaining({ code: 'HL_JSON_TOO_DEEP' }),
  )
})

it('splits request targets', () => {
  expect(splitTarget('/a?b=c?d')).toEqual({ path: '/a', query: 'b=c?d' })
  expect(splitTarget('http://x:1/a/../b?q')).toEqual({ path: '/b', query: 'q' })
  expect(splitTarget('//evil/a')).toEqual({ path: '//evil/a', query: '' })
  expect(splitTarget('*')).toEqual({ path: '*', query: '' })
  expect(splitTarget('nonsense')).toEqual({ path: '', query: '' })
})

describe('problems', () => {
  it('tell nothing of what is not ours', () => {
    const problem = toProblem(new Error('password=hunter2'))
    expect(problem).toMatchObject({ code: 'HL_INTERNAL', status: 500 })
    expect(JSON.stringify(problem)).not.toContain('hunter2')
  })

  it('echo no megabyte', () => {
    const entry = {
      code: 'HL_X',
      message: '{value}',
      fault: 'peer',
      retryable: false,
      status: 400,
    } as const
    const problem = toProblem(
      new HeartlineError(entry, { value: 'x'.repeat(1_000_000), type: 'no', status: 1 }),
    )
    expect(JSON.stringify(problem).length).toBeLessThan(1500)
    expect(problem).toMatchObject({ type: 'urn:heartline:error:HL_X', status: 400 })
  })
})
