import { describe, expect, it } from 'vitest'
import { createParser, encodeEvent, HeartlineError, type ParsedEvent } from '../src/index.ts'
import { compareOne, observe } from './differential.ts'
import type { Observed } from './model.ts'

const encoder = new TextEncoder()

function event(data: string, type = 'message', lastEventId = ''): Observed {
  return { kind: 'event', type, data, lastEventId }
}

/** The stream as text and as bytes in pieces of 1 to 7 bytes and whole: all must observe the same. */
function everyCut(stream: string | Uint8Array): Observed[] {
  const bytes = typeof stream === 'string' ? encoder.encode(stream) : stream
  const whole = observe([bytes])
  for (let size = 1; size <= 7; size++) {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    expect(observe(chunks)).toEqual(whole)
  }
  if (typeof stream === 'string') expect(observe(stream.split(''))).toEqual(whole)
  return whole.observed
}

describe('the examples of the standard', () => {
  it('reads three data lines as one event', () => {
    expect(everyCut('data: YHOO\ndata: +2\ndata: 10\n\n')).toEqual([event('YHOO\n+2\n10')])
  })

  it('reads a comment, an id, an id without value, and a leading space', () => {
    const stream =
      ': test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n'
    expect(everyCut(stream)).toEqual([
      { kind: 'comment', text: 'test stream' },
      { kind: 'id', lastEventId: '1' },
      event('first event', 'message', '1'),
      { kind: 'id', lastEventId: '' },
      event('second event'),
      event(' third event'),
    ])
  })

  it('dispatches empty data and discards the unfinished last block', () => {
    expect(everyCut('data\n\ndata\ndata\n\ndata:')).toEqual([event(''), event('\n')])
  })

  it('reads identical events with and without the space', () => {
    expect(everyCut('data:test\n\ndata: test\n\n')).toEqual([event('test'), event('test')])
  })
})

describe('line ends', () => {
  it('takes CR, LF and CRLF, mixed', () => {
    const events = [event('a\nb\nc\nd')]
    expect(everyCut('data:a\rdata:b\ndata:c\r\ndata:d\r\r\n')).toEqual(events)
    expect(everyCut('data:a\ndata:b\rdata:c\r\ndata:d\n\r')).toEqual(events)
  })

  it('dispatches at a CR at once and swallows one LF after it, in the next chunk too', () => {
    const events: ParsedEvent[] = []
    const parser = createParser({ onEvent: (parsed) => events.push(parsed) })
    parser.feed('data: a\r\r')
    expect(events).toHaveLength(1)
    parser.feed('')
    parser.feed(new Uint8Array(0))
    parser.feed('\ndata: b\n')
    parser.feed('\n')
    expect(events.map(({ data }) => data)).toEqual(['a', 'b'])
  })

  it('swallows only one LF', () => {
    expect(everyCut('data:a\r\n\ndata:b\r\r\n\n')).toEqual([event('a'), event('b')])
  })

  it('ends no line at other separators', () => {
    const data = 'a\u2028b\u2029c\u0085d\ve\ff'
    expect(everyCut(`data:${data}\n\n`)).toEqual([event(data)])
  })
})

describe('fields', () => {
  it('takes names in their exact case only', () => {
    expect(
      everyCut('Data: a\nDATA: b\nID: 1\ndata : c\n data: d\ndatax: e\nretryx: 1\n\n'),
    ).toEqual([])
  })

  it('ignores an id that contains NUL and keeps the id before', () => {
    expect(everyCut('id: 1\nid: a\0b\ndata: x\n\n')).toEqual([
      { kind: 'id', lastEventId: '1' },
      event('x', 'message', '1'),
    ])
  })

  it('takes an id effect when the block ends, with or without data', () => {
    expect(everyCut('id: 1\n\ndata: x\n\n')).toEqual([
      { kind: 'id', lastEventId: '1' },
      event('x', 'message', '1'),
    ])
    const parser = createParser({ onEvent: () => {} })
    parser.feed('id: 1\n\nid: 2\n')
    expect(parser.lastEventId).toBe('1')
    parser.feed('\n')
    expect(parser.lastEventId).toBe('2')
  })

  it('keeps the last event id over events without one, and from the stream before', () => {
    expect(observe(['data: x\n\n'], 'before')).toEqual({
      observed: [event('x', 'message', 'before')],
      lastEventId: 'before',
    })
  })

  it('resets the type with each block and with an empty event line', () => {
    expect(everyCut('event: a\n\ndata: 1\n\nevent: b\nevent:\ndata: 2\n\n')).toEqual([
      event('1'),
      event('2'),
    ])
    expect(everyCut('event: b\nevent\ndata: 3\n\nevent: c\ndata: 4\n\n')).toEqual([
      event('3'),
      event('4', 'c'),
    ])
  })

  it('takes digits only as retry, at once, and bounds what no number holds', () => {
    expect(everyCut('retry: 5\nretry:0007\nretry: -1\nretry: 1.5\nretry: ٣\nretry:  1\n')).toEqual([
      { kind: 'retry', ms: 5 },
      { kind: 'retry', ms: 7 },
    ])
    expect(everyCut('retry\nretry:\nretry: \nretry: 1e3\nretry: 1 \n')).toEqual([])
    expect(everyCut(`retry: ${'9'.repeat(500)}\n`)).toEqual([
      { kind: 'retry', ms: Number.MAX_SAFE_INTEGER },
    ])
  })

  it('tells comments without one leading space', () => {
    expect(everyCut(':\n: \n:  a\n:b\n: data: x\n')).toEqual(
      ['', '', ' a', 'b', 'data: x'].map((text) => ({ kind: 'comment', text })),
    )
  })

  it('reads names like those of every object as unknown fields', () => {
    expect(everyCut('__proto__: x\nconstructor\ntoString:\n\n')).toEqual([])
  })

  it('needs no callback but onEvent', () => {
    const events: ParsedEvent[] = []
    createParser({ onEvent: (parsed) => events.push(parsed) }).feed(
      ': c\nretry: 5\nid: 1\ndata\n\n',
    )
    expect(events).toEqual([{ type: 'message', data: '', lastEventId: '1' }])
  })
})

describe('decoding', () => {
  it('removes exactly one byte order mark, also when it is cut', () => {
    expect(everyCut('\uFEFFdata: x\n\n')).toEqual([event('x')])
    expect(everyCut('\uFEFF\uFEFFdata: x\n\n')).toEqual([])
    expect(everyCut('\uFEFF\n\uFEFFdata: x\n\ndata: \uFEFF\n\n')).toEqual([event('\uFEFF')])
    expect(observe(['', '\uFEFF', 'data: x\n\n']).observed).toEqual([event('x')])
  })

  it('makes U+FFFD of invalid bytes as the decoder does, wherever they are cut', () => {
    const value = [0xff, 0xe2, 0x82, 0x41, 0xf0, 0x9f, 0x8e, 0x88, 0xed, 0xa0, 0x80, 0xc3]
    const bytes = Uint8Array.from([...encoder.encode('data: '), ...value, 0x0a, 0x0a])
    expect(everyCut(bytes)).toEqual([event('\uFFFD\uFFFDA🎈\uFFFD\uFFFD\uFFFD\uFFFD')])
  })

  it('may be given buffers that are used again', () => {
    const bytes = encoder.encode('data: 日本語🎈é\nid: ü\n\n')
    const events: ParsedEvent[] = []
    const parser = createParser({ onEvent: (parsed) => events.push(parsed) })
    const buffer = Buffer.alloc(2)
    for (let at = 0; at < bytes.length; at += 2) {
      buffer.fill(0xff)
      const length = Math.min(2, bytes.length - at)
      buffer.set(bytes.subarray(at, at + length))
      parser.feed(buffer.subarray(0, length))
    }
    expect(events).toEqual([{ type: 'message', data: '日本語🎈é', lastEventId: 'ü' }])
  })

  it('takes text after bytes that ended with a whole character', () => {
    expect(observe([encoder.encode('data: é\n'), 'data: y\n\n']).observed).toEqual([event('é\ny')])
  })

  it('takes text after bytes: what was cut there never came to its end', () => {
    const cut = encoder.encode('data: é').subarray(0, -1)
    expect(observe([cut, '\n\ndata: y\n\n', encoder.encode('data: ü\n\n')]).observed).toEqual([
      event('\uFFFD'),
      event('y'),
      event('ü'),
    ])
  })
})

describe('callbacks', () => {
  it('lose nothing but their own event when they throw', () => {
    const seen: string[] = []
    const parser = createParser({
      onEvent: ({ data }) => {
        if (data === 'b') throw new RangeError('mine')
        seen.push(data)
      },
    })
    expect(() => parser.feed('data: a\n\ndata: b\n\ndata: c\n\ndata: d')).toThrow(RangeError)
    expect(seen).toEqual(['a'])
    parser.feed('d\n\n')
    expect(seen).toEqual(['a', 'c', 'dd'])
  })

  it('may feed: it is parsed after the chunk that is being parsed', () => {
    const seen: string[] = []
    const parser = createParser({
      onEvent: ({ data }) => {
        seen.push(data)
        if (data === 'a') parser.feed('c\n\n')
      },
    })
    parser.feed('data: a\n\ndata: b\n\ndata: ')
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  it('may end the stream, and nothing is called after that', () => {
    const calls: string[] = []
    const parser = createParser({
      onEvent: ({ data }) => {
        calls.push(data)
        parser.end()
      },
      onComment: (text) => calls.push(text),
    })
    parser.feed('data: a\n\n: c\ndata: b\n\n')
    parser.feed('data: d\n\n')
    expect(calls).toEqual(['a'])
  })

  it.each(['\n', '\r', '\r\n'])('may end the stream or throw at any line, with %j', (end) => {
    const lines = [':c', 'retry: 1', 'id: 1', 'data: x', '', 'data: y', '', '']
    const stream = lines.join(end)
    for (let size = 1; size <= stream.length; size++) {
      const all = observeUntil(stream, size, undefined)
      expect(all.calls).toEqual(['c', 1, '1', 'x', 'y'])
      for (const last of all.calls) {
        const upTo = all.calls.slice(0, all.calls.indexOf(last) + 1)
        expect(observeUntil(stream, size, { end: last }).calls).toEqual(upTo)
        // An event whose `onId` threw was not called for: everything else is.
        const thrown = observeUntil(stream, size, { throwAt: last })
        expect(thrown.throws).toBe(1)
        expect(thrown.calls).toEqual(all.calls.filter((call) => last !== '1' || call !== 'x'))
      }
    }
  })

  it('may end the stream at an id: its event is not dispatched', () => {
    const events: ParsedEvent[] = []
    const parser = createParser({
      onEvent: (parsed) => events.push(parsed),
      onId: () => parser.end(),
    })
    parser.feed('id: 1\ndata: x\n\n')
    expect(events).toEqual([])
    expect(parser.lastEventId).toBe('1')
  })

  it('hear nothing of an unfinished block', () => {
    expect(everyCut('id: 1\ndata: x\nretry: 5\n: c\n:unfinished')).toEqual([
      { kind: 'retry', ms: 5 },
      { kind: 'comment', text: 'c' },
    ])
    expect(observe(['id: 1\ndata: x\n']).lastEventId).toBe('')
  })
})

type At = { end: unknown } | { throwAt: unknown } | undefined

/** The calls of a stream in chunks of the size, while the callbacks end it or throw at one. */
function observeUntil(stream: string, size: number, at: At): { calls: unknown[]; throws: number } {
  const calls: unknown[] = []
  let throws = 0
  const call = (value: unknown): void => {
    calls.push(value)
    if (at !== undefined && 'end' in at && at.end === value) parser.end()
    if (at !== undefined && 'throwAt' in at && at.throwAt === value) throw new RangeError('mine')
  }
  const parser = createParser({
    onEvent: ({ data }) => call(data),
    onComment: call,
    onRetry: call,
    onId: call,
  })
  for (let from = 0; from <= stream.length; from += size) {
    try {
      parser.feed(stream.slice(from, from + size))
    } catch {
      throws++
    }
  }
  parser.feed('')
  return { calls, throws }
}

describe('maxEventLength', () => {
  /** Whether the stream, in chunks of the size, is refused. */
  function isRefused(stream: string, maxEventLength: number, size: number): boolean {
    const bytes = encoder.encode(stream)
    const errors: HeartlineError[] = []
    const options = { maxEventLength }
    const parser = createParser({ onEvent: () => {}, onError: (e) => errors.push(e) }, options)
    for (let at = 0; at < bytes.length; at += size) parser.feed(bytes.subarray(at, at + size))
    expect(errors.length).toBeLessThanOrEqual(1)
    return errors[0]?.code === 'HL_EVENT_TOO_LARGE'
  }

  it.each([
    ['data: 0123456789\n\n', 17],
    ['id: 1\nevent: x\ndata: 0123456789\n\n', 32],
    ['data: 0123456789\r\n\r\n', 18],
    ['data: 日本語🎈é\n\n', 6 + 3 + 2 + 1 + 1],
    [': 0123456789\n', 12],
    ['unknown: 0123456789\nx\n', 19],
    [': 0123456789\ndata: 0\n\ndata: 0\n\n', 12],
    ['data: 0\n: 0123456789\n\n', 21],
    ['data: 01234567\n\ndata: 01234567\n\n', 15],
  ])('takes %j with %i and not with one less, however it is cut', (stream, length) => {
    for (const size of [1, 2, 3, 5, 8, 13, 100]) {
      expect([size, isRefused(stream, length, size)]).toEqual([size, false])
      expect([size, isRefused(stream, length - 1, size)]).toEqual([size, true])
    }
  })

  it('does not count comments and unknown fields before a block, how many there may be', () => {
    expect(isRefused(`${': hb\nx: y\n'.repeat(1000)}data: x\n\n`, 10, 7)).toBe(false)
    expect(isRefused(`${': hb\r\n'.repeat(1000)}data: x\r\n\r\n`, 10, 4)).toBe(false)
  })

  it('ends the parser: later chunks are ignored', () => {
    const calls: string[] = []
    const parser = createParser(
      { onEvent: ({ data }) => calls.push(data), onError: ({ message }) => calls.push(message) },
      { maxEventLength: 10 },
    )
    parser.feed('data: ok\n\ndata: too long\n\ndata: x\n\n')
    parser.feed('data: x\n\n')
    expect(calls).toEqual([
      'ok',
      'An event is longer than 10. Send shorter ones, or raise maxEventLength.',
    ])
  })

  it('throws when nobody listens to errors', () => {
    for (const stream of ['data: too long\n', 'data: too long']) {
      const parser = createParser({ onEvent: () => {} }, { maxEventLength: 10 })
      expect(() => parser.feed(stream)).toThrow(HeartlineError)
      expect(() => parser.feed('\n\ndata: x\n\n')).not.toThrow()
    }
  })

  it('is 16 Mi when not given', () => {
    const chunk = 'x'.repeat(1 << 20)
    const errors: string[] = []
    const parser = createParser({ onEvent: () => {}, onError: ({ code }) => errors.push(code) })
    for (let mega = 0; mega < 16; mega++) parser.feed(chunk)
    expect(errors).toEqual([])
    parser.feed('x')
    expect(errors).toEqual(['HL_EVENT_TOO_LARGE'])
  })

  it.each([0, -1, Number.NaN, '5', null])('refuses %j as a bound', (maxEventLength) => {
    const options = { maxEventLength: maxEventLength as number }
    expect(() => createParser({ onEvent: () => {} }, options)).toThrow(
      expect.objectContaining({ code: 'HL_PARSER_OPTION_INVALID' }),
    )
  })
})

describe('cost', () => {
  function milliseconds(work: () => void): number {
    const started = performance.now()
    work()
    return performance.now() - started
  }

  function feedBytes(bytes: Uint8Array, size: number): ParsedEvent[] {
    const events: ParsedEvent[] = []
    const parser = createParser({ onEvent: (parsed) => events.push(parsed) })
    for (let at = 0; at < bytes.length; at += size) parser.feed(bytes.subarray(at, at + size))
    return events
  }

  it('is linear for one line of 5 MB in chunks of one byte', () => {
    const line = encoder.encode(encodeEvent({ data: 'x'.repeat(5_000_000) }))
    const spent = milliseconds(() => {
      expect(feedBytes(line, 1)[0]?.data.length).toBe(5_000_000)
    })
    // Quadratic time would be hours; linear is about one second.
    expect(spent).toBeLessThan(20_000)
  })

  it('keeps the order of the pieces of a line, how many there may be', () => {
    const data = Array.from({ length: 20_000 }, (_, index) => index.toString(36)).join(' ')
    expect(feedBytes(encoder.encode(encodeEvent({ data })), 1)[0]?.data).toBe(data)
    expect(feedBytes(encoder.encode(encodeEvent({ data })), 7)[0]?.data).toBe(data)
  })

  it('keeps the order of the lines of data, how many there may be', () => {
    const data = Array.from({ length: 20_000 }, (_, index) => index.toString(36)).join('\n')
    expect(feedBytes(encoder.encode(encodeEvent({ data })), 1)[0]?.data).toBe(data)
    expect(feedBytes(encoder.encode(encodeEvent({ data })), 5000)[0]?.data).toBe(data)
  })

  it('is linear for lines without a colon, empty lines, and many data lines', () => {
    for (const unit of ['x\n', '\n', 'data\n', 'data:x\r', ':\n', 'id\n', 'x\r\n']) {
      const text = unit.repeat(Math.floor(4_000_000 / unit.length))
      const spent = milliseconds(() => {
        feedBytes(encoder.encode(text), 1 << 20)
        feedBytes(encoder.encode(text), 50)
      })
      expect([unit, spent < 20_000]).toEqual([unit, true])
    }
  })
})

describe('the model of the standard', () => {
  it('agrees on 20,000 random streams, as bytes and as text, cut at random', () => {
    for (let seed = 1; seed <= 20_000; seed++) {
      const { difference } = compareOne(seed)
      // On a difference: npx tsx packages/wire/test/million.ts 1 <seed>
      if (difference !== undefined) expect(difference.asBytes).toEqual(difference.expected)
      expect(difference).toBeUndefined()
    }
  })
})
