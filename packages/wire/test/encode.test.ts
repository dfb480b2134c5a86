import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeComment, encodeEvent, encodeRetry, HeartlineError } from '../src/index.ts'
import type { EventFields } from '../src/index.ts'
import { observe } from './differential.ts'

function parse(text: string): ReturnType<typeof observe>['observed'] {
  return observe([new TextEncoder().encode(text)]).observed
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

/** What is left of a text on the wire: U+FFFD for each lone surrogate. */
function wellFormed(text: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text))
}

/** What an untyped caller can pass. */
function untyped(fields: unknown): EventFields {
  return fields as EventFields
}

describe('encodeEvent', () => {
  it('writes id, event, retry and data in this order with LF only', () => {
    expect(encodeEvent({ data: 'x', retry: 2500, type: 'price', id: '1.k3f9.mhx2c1q8-1z4' })).toBe(
      'id: 1.k3f9.mhx2c1q8-1z4\nevent: price\nretry: 2500\ndata: x\n\n',
    )
  })

  it('writes a data line for each line of the data, whatever ends it', () => {
    expect(encodeEvent({ data: 'a\nb\rc\r\nd\n\re' })).toBe(
      'data: a\ndata: b\ndata: c\ndata: d\ndata: \ndata: e\n\n',
    )
    expect(encodeEvent({ data: '\n' })).toBe('data: \ndata: \n\n')
    expect(encodeEvent({ data: '\r\n' })).toBe('data: \ndata: \n\n')
  })

  it('makes an event of empty data, which a reader dispatches as the empty string', () => {
    expect(encodeEvent({ data: '' })).toBe('data: \n\n')
    expect(parse(encodeEvent({ data: '' }))).toEqual([
      { kind: 'event', type: 'message', data: '', lastEventId: '' },
    ])
  })

  it('gives a typed event without data a data line, or readers would not dispatch it', () => {
    expect(encodeEvent({ type: 'ping' })).toBe('event: ping\ndata: \n\n')
    expect(parse(encodeEvent({ type: 'ping' }))).toEqual([
      { kind: 'event', type: 'ping', data: '', lastEventId: '' },
    ])
  })

  it('moves the last event id and dispatches nothing when only an id is given', () => {
    expect(encodeEvent({ id: '7' })).toBe('id: 7\n\n')
    expect(parse(encodeEvent({ id: '7' }))).toEqual([{ kind: 'id', lastEventId: '7' }])
  })

  it('clears the last event id with an empty id', () => {
    expect(encodeEvent({ id: '', data: 'x' })).toBe('id: \ndata: x\n\n')
    expect(observe([encodeEvent({ id: '', data: 'x' })], '7').lastEventId).toBe('')
  })

  it('leaves an empty type out, as readers take both for message', () => {
    expect(encodeEvent({ type: '', data: 'x' })).toBe('data: x\n\n')
  })

  it('writes a retry alone and takes -0 for 0', () => {
    expect(encodeEvent({ retry: 0 })).toBe('retry: 0\n\n')
    expect(encodeEvent({ retry: -0 })).toBe('retry: 0\n\n')
    expect(encodeEvent({ retry: Number.MAX_SAFE_INTEGER })).toBe('retry: 9007199254740991\n\n')
  })

  it('keeps leading spaces and colons, a byte order mark and NUL of the data', () => {
    for (const data of [' x', '  x', ':x', ': x', '\uFEFFx', '\uFEFF\uFEFF', 'a\0b', 'data: x']) {
      const event = { kind: 'event', type: 'message', data, lastEventId: '' }
      expect(parse(encodeEvent({ data }))).toEqual([event])
    }
  })

  it('does not take other line separators for line ends', () => {
    const data = 'a\u2028b\u2029c\u0085d\ve\ff'
    expect(encodeEvent({ data })).toBe(`data: ${data}\n\n`)
  })

  it('lets a lone surrogate become U+FFFD when the text is encoded', () => {
    expect(parse(encodeEvent({ data: 'a\uD800b' }))).toEqual([
      { kind: 'event', type: 'message', data: 'a\uFFFDb', lastEventId: '' },
    ])
  })

  it.each(['\n', '\r', '\r\n', '\0', 'x\ndata: injected', 'x\rdata: y', 'x\0', '\n\n'])(
    'refuses %j in an id and in a type',
    (value) => {
      for (const fields of [{ id: value }, { type: value }, { id: value, type: value, data: '' }]) {
        expect(refusal(() => encodeEvent(fields))).toMatchObject({
          code: 'HL_EVENT_FIELD_INVALID',
          status: 400,
        })
      }
    },
  )

  it.each([
    -1,
    0.5,
    Number.NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    '5',
    '5\ndata: x',
    null,
    {},
    [5],
    5n,
  ])('refuses %s as retry', (retry) => {
    const { code, message } = refusal(() => encodeEvent(untyped({ data: 'x', retry })))
    expect(code).toBe('HL_EVENT_FIELD_INVALID')
    expect(message).toBe(
      'The field retry is not a whole number of milliseconds. ' +
        'Give a safe integer that is not negative.',
    )
  })

  it.each([
    null,
    5,
    true,
    5n,
    Symbol('x'),
    {},
    ['x\ndata: y'],
    () => 'x',
    // oxlint-disable-next-line no-new-wrappers
    new String('x'),
    { toString: () => 'x\n\ndata: y' },
  ])('refuses a value that is not a string in every text field (%#)', (value) => {
    for (const field of ['id', 'type', 'data']) {
      const { code } = refusal(() => encodeEvent(untyped({ [field]: value })))
      expect(code).toBe('HL_EVENT_FIELD_INVALID')
    }
    expect(refusal(() => encodeComment(value as string)).code).toBe('HL_EVENT_FIELD_INVALID')
  })

  it.each([undefined, null, {}, [], 'data', 5, { id: undefined }])(
    'refuses %j, which is no event',
    (fields) => {
      expect(refusal(() => encodeEvent(untyped(fields))).code).toBe('HL_EVENT_FIELD_INVALID')
    },
  )

  it('says what was given and what to do', () => {
    expect(refusal(() => encodeEvent(untyped({ data: null }))).message).toBe(
      'The field data is not a string but null. ' +
        'Convert it before you encode it, for example with JSON.stringify or String.',
    )
    expect(refusal(() => encodeEvent({ id: 'a\nb' })).message).toBe(
      'The field id contains a line end or a NUL. ' +
        'Remove it: it would end the field and let its rest be read as other fields.',
    )
  })

  it('reads each field once, so a getter cannot answer differently when it is written', () => {
    let reads = 0
    const fields = {
      get type() {
        reads++
        return reads === 1 ? 'safe' : 'x\ndata: injected'
      },
    }
    expect(encodeEvent(fields)).toBe('event: safe\ndata: \n\n')
    expect(reads).toBe(1)
  })
})

describe('encodeComment', () => {
  it('writes a comment line for each line and an empty line', () => {
    expect(encodeComment('hb 1763646000000')).toBe(': hb 1763646000000\n\n')
    expect(encodeComment('')).toBe(': \n\n')
    expect(encodeComment('a\nb\rc\r\nd')).toBe(': a\n: b\n: c\n: d\n\n')
  })

  it('never dispatches an event, whatever the text', () => {
    fc.assert(
      fc.property(hostileText(), (text) => {
        const lines = text.split(/\r\n|\r|\n/)
        expect(parse(encodeComment(text))).toEqual(
          lines.map((line) => ({ kind: 'comment', text: wellFormed(line) })),
        )
      }),
      { numRuns: 2000 },
    )
  })
})

describe('encodeRetry', () => {
  it('writes one retry field', () => {
    expect(encodeRetry(3000)).toBe('retry: 3000\n\n')
    expect(parse(encodeRetry(3000))).toEqual([{ kind: 'retry', ms: 3000 }])
  })

  it('refuses what is not a whole number of milliseconds', () => {
    expect(refusal(() => encodeRetry(1.5)).code).toBe('HL_EVENT_FIELD_INVALID')
  })
})

/** Text that is full of what means something on the wire. */
function hostileText(): fc.Arbitrary<string> {
  const special = fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    '\0',
    ':',
    ' ',
    '\uFEFF',
    'data: ',
    'id:',
    '\uD800',
  )
  return fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.oneof(special, fc.string({ maxLength: 4 })), { maxLength: 12 })
      .map((p) => p.join('')),
  )
}

/** Strings, and things that become strings when they are not looked at. */
function hostileValue(): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 6, arbitrary: hostileText() },
    fc.constant(undefined),
    fc.array(hostileText(), { maxLength: 2 }),
    hostileText().map((text) => ({ toString: () => text })),
    // oxlint-disable-next-line no-new-wrappers
    hostileText().map((text) => new String(text)),
    fc.anything(),
  )
}

describe('encode, then parse', () => {
  it('gives back exactly the event that went in, however the bytes are cut', () => {
    const field = hostileText().filter((text) => !/[\r\n\0]/.test(text))
    fc.assert(
      fc.property(hostileText(), field, field, fc.nat(7), (data, type, id, size) => {
        const bytes = new TextEncoder().encode(encodeEvent({ id, type, data }))
        const chunks: Uint8Array[] = []
        for (let at = 0; at < bytes.length; at += size + 1) {
          chunks.push(bytes.subarray(at, at + size + 1))
        }
        const lastEventId = wellFormed(id)
        expect(observe(chunks).observed).toEqual([
          { kind: 'id', lastEventId },
          {
            kind: 'event',
            type: type === '' ? 'message' : wellFormed(type),
            data: wellFormed(data.replace(/\r\n|\r/g, '\n')),
            lastEventId,
          },
        ])
      }),
      { numRuns: 5000 },
    )
  })

  it('cannot be made to write a field that was not given, whatever the values are', () => {
    const value = hostileValue()
    const retry = fc.oneof(fc.double(), fc.integer(), value)
    fc.assert(
      fc.property(value, value, value, retry, (data, type, id, retryMs) => {
        let text: string
        try {
          text = encodeEvent(untyped({ data, type, id, retry: retryMs }))
        } catch (error) {
          expect(error).toMatchObject({ code: 'HL_EVENT_FIELD_INVALID' })
          return
        }
        const expected: unknown[] = []
        if (retryMs !== undefined) expected.push({ kind: 'retry', ms: Math.abs(Number(retryMs)) })
        const lastEventId = typeof id === 'string' ? wellFormed(id) : ''
        if (id !== undefined) expected.push({ kind: 'id', lastEventId })
        if (data !== undefined || type !== undefined) {
          expected.push({
            kind: 'event',
            type: typeof type === 'string' && type !== '' ? wellFormed(type) : 'message',
            data: typeof data === 'string' ? wellFormed(data.replace(/\r\n|\r/g, '\n')) : '',
            lastEventId,
          })
        }
        expect(parse(text)).toEqual(expected)
      }),
      { numRuns: 10_000 },
    )
  })
})
