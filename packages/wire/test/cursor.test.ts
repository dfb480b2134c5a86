import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  covers,
  decodeCursor,
  DEFAULT_LOG,
  encodeCursor,
  encodePosition,
  HeartlineError,
  isCursor,
  type Cursor,
  type Position,
} from '../src/index.ts'

const ms = 1_763_646_000_000

function cursor(epoch: string, positions: Record<string, Position>): Cursor {
  return { epoch, positions: new Map(Object.entries(positions)) }
}

function refusal(call: () => unknown): { code: string; status: number; message: string } {
  try {
    call()
  } catch (error) {
    if (error instanceof HeartlineError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('encodeCursor and encodePosition', () => {
  it('write version, epoch, and time and offset in base 36', () => {
    expect(encodePosition('k3f9', { ms, offset: 2560 })).toBe('1.k3f9.mi7haiyo-1z4')
    expect(encodeCursor(cursor('k3f9', { '': { ms, offset: 2560 } }))).toBe('1.k3f9.mi7haiyo-1z4')
  })

  it('write the start of a log and the largest numbers', () => {
    expect(encodePosition('a', { ms: 0, offset: 0 })).toBe('1.a.0-0')
    const largest = Number.MAX_SAFE_INTEGER
    expect(encodePosition('z'.repeat(16), { ms: largest, offset: largest })).toBe(
      '1.zzzzzzzzzzzzzzzz.2gosa7pa2gv-2gosa7pa2gv',
    )
  })

  it('write the default log first and the others by name', () => {
    const positions = {
      b: { ms: 2, offset: 36 },
      '10': { ms: 3, offset: 1 },
      '': { ms: 1, offset: 5 },
      a1: { ms: 4, offset: 7 },
    }
    expect(encodeCursor(cursor('k3f9', positions))).toBe('1.k3f9.1-5.10~3-1.a1~4-7.b~2-10')
  })

  it('do not mix up epochs and times that follow each other', () => {
    for (const [epoch, time] of [
      ['a', 1],
      ['b', 1],
      ['b', 2],
      ['a', 2],
      ['a', 1],
    ] as const) {
      expect(encodePosition(epoch, { ms: time, offset: 9 })).toBe(`1.${epoch}.${time}-9`)
    }
  })

  it('keep to 128 bytes and say so when that is not enough', () => {
    const positions: Record<string, Position> = {}
    for (const log of ['prices', 'orders', 'news', 'chat']) positions[log] = { ms, offset: 99_999 }
    const text = encodeCursor(cursor('k3f9', positions))
    expect(text.length).toBeLessThanOrEqual(128)
    for (const log of ['more', 'andmore', 'stillmore']) positions[log] = { ms, offset: 99_999 }
    expect(refusal(() => encodeCursor(cursor('k3f9', positions)))).toMatchObject({
      code: 'HL_CURSOR_TOO_LONG',
      status: 400,
      message:
        'The cursor of 7 logs would have 151 bytes, at most 128 are allowed. ' +
        'Ask for fewer logs in one stream.',
    })
  })

  it('take exactly 128 bytes and refuse one more', () => {
    const positions: Record<string, Position> = {}
    for (let log = 0; log < 8; log++) positions[`log${log}`] = { ms: 36 ** 5, offset: 1 }
    positions['z'] = { ms: 0, offset: 36 }
    const epoch = 'e'.repeat(129 - encodeCursor(cursor('e', positions)).length)
    expect(encodeCursor(cursor(epoch, positions))).toHaveLength(128)
    expect(isCursor(encodeCursor(cursor(epoch, positions)))).toBe(true)
    expect(refusal(() => encodeCursor(cursor(`${epoch}e`, positions))).code).toBe(
      'HL_CURSOR_TOO_LONG',
    )
  })

  it.each(['', 'A', 'a_b', 'a.b', 'é', 'a'.repeat(17), 'a\n', null, 5])(
    'refuse %j as an epoch',
    (epoch) => {
      const position = { ms: 1, offset: 1 }
      const text = epoch as string
      expect(refusal(() => encodePosition(text, position)).code).toBe('HL_CURSOR_INVALID')
      expect(refusal(() => encodeCursor(cursor(text, { '': position }))).code).toBe(
        'HL_CURSOR_INVALID',
      )
    },
  )

  it.each(['A', 'a~b', 'a'.repeat(17), ' ', 'a\n'])('refuse %j as the name of a log', (log) => {
    const { code } = refusal(() => encodeCursor(cursor('a', { [log]: { ms: 1, offset: 1 } })))
    expect(code).toBe('HL_CURSOR_INVALID')
  })

  it.each([-1, 0.5, Number.NaN, 2 ** 53, '5', undefined])('refuse %s as a number', (value) => {
    const number = value as number
    for (const position of [
      { ms: number, offset: 1 },
      { ms: 1, offset: number },
    ]) {
      expect(refusal(() => encodePosition('a', position)).code).toBe('HL_CURSOR_INVALID')
      expect(refusal(() => encodeCursor(cursor('a', { '': position }))).code).toBe(
        'HL_CURSOR_INVALID',
      )
    }
  })

  it('refuse a cursor without a position', () => {
    expect(refusal(() => encodeCursor(cursor('a', {}))).code).toBe('HL_CURSOR_INVALID')
  })
})

describe('decodeCursor', () => {
  it('reads positions of several logs', () => {
    const read = decodeCursor('1.k3f9.mi7haiyo-1z4.prices~1-a')
    expect(read.epoch).toBe('k3f9')
    expect([...read.positions]).toEqual([
      [DEFAULT_LOG, { ms, offset: 2560 }],
      ['prices', { ms: 1, offset: 10 }],
    ])
  })

  it.each([
    ['', 'it does not start with version 1'],
    ['2.a.1-1', 'it does not start with version 1'],
    ['01.a.1-1', 'it does not start with version 1'],
    ['1', 'its epoch is not [a-z0-9]{1,16}'],
    ['1.', 'its epoch is not [a-z0-9]{1,16}'],
    ['1.A.1-1', 'its epoch is not [a-z0-9]{1,16}'],
    ['1.aaaaaaaaaaaaaaaaa.1-1', 'its epoch is not [a-z0-9]{1,16}'],
    ['1.a', 'it holds no position'],
    ['1.a.', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.1', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.1-', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.-1', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.1-1-1', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.01-1', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.1-00', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.1-Z', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.1-1\n', 'a position is not <ms>-<offset> in base 36'],
    [' 1.a.1-1', 'it does not start with version 1'],
    ['1.a.1-1 ', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.~1-1', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.B~1-1', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.b~b~1-1', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.1-100000000000', 'a position is not <ms>-<offset> in base 36'],
    ['1.a.1-2gosa7pa2gw', 'a number in it is too large'],
    ['1.a.2gosa7pa2gw-1', 'a number in it is too large'],
    ['1.a.zzzzzzzzzzz-1', 'a number in it is too large'],
    ['1.a.1-1.1-1', 'its logs are not in order, each once'],
    ['1.a.b~1-1.1-1', 'its logs are not in order, each once'],
    ['1.a.b~1-1.b~1-1', 'its logs are not in order, each once'],
    ['1.a.c~1-1.b~1-1', 'its logs are not in order, each once'],
    ['1.a.1-١', 'a position is not <ms>-<offset> in base 36'],
    [`1.a.${'1'.repeat(125)}`, 'it has more than 128 bytes'],
  ])('refuses %j and says why', (text, problem) => {
    expect(refusal(() => decodeCursor(text))).toMatchObject({
      code: 'HL_CURSOR_INVALID',
      status: 400,
      message:
        `The cursor is not valid: ${problem}. ` +
        'Send back an event id exactly as it was received, or none to start anew.',
    })
    expect(isCursor(text)).toBe(false)
  })

  it.each([undefined, null, 5, ['1.a.1-1'], {}])('refuses %j, which is not a string', (value) => {
    expect(refusal(() => decodeCursor(value as string)).code).toBe('HL_CURSOR_INVALID')
    expect(isCursor(value as string)).toBe(false)
  })

  it('reads exactly what encodeCursor writes', () => {
    const name = fc.stringMatching(/^[a-z0-9]{1,16}$/)
    const number = fc.oneof(fc.nat(), fc.maxSafeNat())
    const position = fc.record({ ms: number, offset: number })
    const logs = fc.array(fc.tuple(fc.oneof(fc.constant(''), name), position), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(name, logs, (epoch, entries) => {
        const positions = new Map(entries)
        let text: string
        try {
          text = encodeCursor({ epoch, positions })
        } catch (error) {
          expect(error).toMatchObject({ code: 'HL_CURSOR_TOO_LONG' })
          return
        }
        expect(text).toMatch(/^[A-Za-z0-9._~-]{1,128}$/)
        const read = decodeCursor(text)
        expect(read.epoch).toBe(epoch)
        expect(new Map(read.positions)).toEqual(positions)
        const first = positions.get('')
        if (positions.size === 1 && first) expect(encodePosition(epoch, first)).toBe(text)
      }),
      { numRuns: 5000 },
    )
  })

  it('accepts no text that encodeCursor would write in another way', () => {
    const near = fc.array(fc.constantFrom('1', '.', 'a', 'b', '~', '-', '0', 'z', 'A', ' '), {
      maxLength: 14,
    })
    fc.assert(
      fc.property(near, (parts) => {
        const text = `1.a.${parts.join('')}`
        if (isCursor(text)) expect(encodeCursor(decodeCursor(text))).toBe(text)
      }),
      { numRuns: 20_000 },
    )
  })
})

describe('covers', () => {
  const at = cursor('a', { '': { ms: 100, offset: 10 }, other: { ms: 50, offset: 3 } })

  it('is true for the position itself and those before it', () => {
    expect(covers(at, 'a', '', { ms: 100, offset: 10 })).toBe(true)
    expect(covers(at, 'a', '', { ms: 100, offset: 9 })).toBe(true)
    expect(covers(at, 'a', '', { ms: 1, offset: 1 })).toBe(true)
    expect(covers(at, 'a', 'other', { ms: 50, offset: 3 })).toBe(true)
  })

  it('is false for later positions, other logs and other epochs', () => {
    expect(covers(at, 'a', '', { ms: 100, offset: 11 })).toBe(false)
    expect(covers(at, 'a', 'other', { ms: 60, offset: 4 })).toBe(false)
    expect(covers(at, 'a', 'third', { ms: 1, offset: 1 })).toBe(false)
    expect(covers(at, 'b', '', { ms: 1, offset: 1 })).toBe(false)
  })

  it('is false for what a rolled back log holds in the place of what was seen', () => {
    expect(covers(at, 'a', '', { ms: 101, offset: 10 })).toBe(false)
    expect(covers(at, 'a', '', { ms: 99, offset: 10 })).toBe(false)
    expect(covers(at, 'a', '', { ms: 101, offset: 9 })).toBe(false)
  })
})
