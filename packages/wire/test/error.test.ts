import { describe, expect, it } from 'vitest'
import { HeartlineError, wireErrors, type ErrorEntry } from '../src/index.ts'

const entry: ErrorEntry = {
  code: 'HL_TEST',
  message: 'Gave {given}, {missing} and {twice} {twice}.',
  fault: 'caller',
  retryable: true,
  status: 418,
}

describe('HeartlineError', () => {
  it('carries its entry and fills the message from the details, once', () => {
    const error = new HeartlineError(entry, { given: '{twice}', twice: 2 })
    expect(error).toMatchObject({ code: 'HL_TEST', fault: 'caller', retryable: true, status: 418 })
    expect(error.name).toBe('HeartlineError')
    expect(error.message).toBe('Gave {twice}, {missing} and 2 2.')
    expect(error.details).toEqual({ given: '{twice}', twice: 2 })
    expect('cause' in error).toBe(false)
  })

  it('keeps its cause', () => {
    const cause = new RangeError('x')
    expect(new HeartlineError(entry, {}, cause).cause).toBe(cause)
  })

  it('is recognized across copies of the package, and nothing else is', () => {
    const brand = Symbol.for('heartline.error')
    const copy = Object.create({ [brand]: true }) as unknown
    expect(new HeartlineError(entry)).toBeInstanceOf(HeartlineError)
    expect(new HeartlineError(entry)).toBeInstanceOf(Error)
    expect(copy).toBeInstanceOf(HeartlineError)
    for (const other of [new Error('x'), null, undefined, 'x', {}]) {
      expect(other instanceof HeartlineError).toBe(false)
    }
  })
})

describe('wireErrors', () => {
  it('has these codes and statuses, which others rely on', () => {
    const pins = Object.values(wireErrors).map(({ code, status, fault }) => [code, status, fault])
    expect(pins).toEqual([
      ['HL_EVENT_FIELD_INVALID', 400, 'caller'],
      ['HL_EVENT_TOO_LARGE', 502, 'peer'],
      ['HL_PARSER_OPTION_INVALID', 500, 'caller'],
      ['HL_CURSOR_INVALID', 400, 'caller'],
      ['HL_CURSOR_TOO_LONG', 400, 'caller'],
    ])
  })
})
