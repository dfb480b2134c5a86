import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { EventSource, type EventSourceOptions } from '../src/index.ts'
import { ManualClock } from './kit/manual-clock.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { soon } from './kit/soon.ts'
import { settle, until } from './kit/until.ts'

interface Seen {
  readonly source: EventSource
  readonly messages: MessageEvent[]
  readonly data: unknown[]
  readonly log: string[]
}

function open(url: string, options: EventSourceOptions = {}, types: string[] = ['message']): Seen {
  const source = new EventSource(url, options)
  const seen: Seen = { source, messages: [], data: [], log: [] }
  onTestFinished(() => source.close())
  for (const type of types) {
    source.addEventListener(type, (event) => {
      seen.messages.push(event as MessageEvent)
      seen.data.push((event as MessageEvent).data)
    })
  }
  for (const type of ['open', 'error']) {
    source.addEventListener(type, () => seen.log.push(`${type} ${source.readyState}`))
  }
  return seen
}

/** What a stream of this text gives. */
async function read(text: string | Uint8Array, types?: string[]): Promise<Seen> {
  const { url } = await serve((_, response, n) => {
    if (n > 0) return response.writeHead(204).end()
    openStream(response)
    return response.end(text)
  })
  const seen = open(url, { clock: soon }, types)
  await until(() => seen.source.readyState === 2)
  return seen
}

describe('the interface', () => {
  it('has its constants on the class and on every object, and they cannot be changed', async () => {
    const { url } = await serve((_, response) => response.writeHead(204).end())
    const source = open(url).source
    for (const target of [EventSource, EventSource.prototype, source]) {
      expect([target.CONNECTING, target.OPEN, target.CLOSED]).toEqual([0, 1, 2])
    }
    expect(() => Object.assign(EventSource, { OPEN: 5 })).toThrow(TypeError)
    expect(Object.prototype.toString.call(source)).toBe('[object EventSource]')
    expect(source).toBeInstanceOf(EventTarget)
    expect(Object.keys(EventSource.prototype)).toContain('CONNECTING')
  })

  it('begins connecting, and shows its URL and whether it sends credentials', async () => {
    const { url } = await serve((_, response) => openStream(response))
    const plain = open(`${url}/a?b=c#d`).source
    expect([plain.readyState, plain.url, plain.withCredentials]).toEqual([
      0,
      `${url}/a?b=c#d`,
      false,
    ])
    expect(open(url, { withCredentials: true }).source.withCredentials).toBe(true)
    expect([plain.onopen, plain.onmessage, plain.onerror]).toEqual([null, null, null])
  })

  it('throws a SyntaxError for what is no URL', () => {
    for (const url of ['http://this is invalid/', 'relative', 'http://[']) {
      const error = expect.objectContaining({
        name: 'SyntaxError',
        message: `Invalid URL '${url}'`,
      })
      expect(() => new EventSource(url)).toThrow(error)
    }
  })

  it('calls attributes with itself as this, in the place of the first assignment', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const source = open(url).source
    const calls: string[] = []
    source.onmessage = () => calls.push('replaced')
    source.addEventListener('message', () => calls.push('listener'))
    source.onmessage = function (event) {
      calls.push(`attribute ${String(this === source)} ${String(event.data)}`)
    }
    source.onopen = () => calls.push('open')
    source.onerror = () => calls.push('never')
    source.onerror = null
    // Not a function: as if null.
    source.onerror = 5 as never
    expect(source.onerror).toBeNull()
    await until(() => calls.length === 3)
    expect(calls).toEqual(['open', 'attribute true 1', 'listener'])
  })

  it('dispatches MessageEvents with data, id, type and origin', async () => {
    const { url } = await serve((_, response) =>
      openStream(response, 'event: x\nid: 7\ndata: a\ndata: b\n\n'),
    )
    const { messages, source } = open(url, {}, ['x'])
    await until(() => messages.length === 1)
    const [event] = messages
    expect(event).toBeInstanceOf(MessageEvent)
    expect([event?.type, event?.data, event?.lastEventId]).toEqual(['x', 'a\nb', '7'])
    expect(event?.origin).toBe(url)
    expect([event?.bubbles, event?.cancelable, event?.target]).toEqual([false, false, source])
  })
})

describe('the request', () => {
  it('asks for an event stream, past caches, without an id at first', async () => {
    const { url, requests } = await serve((_, response) => openStream(response, ':\n'))
    open(url)
    await until(() => requests.length === 1)
    const { method, headers } = requests[0] ?? {}
    expect([method, headers?.accept, headers?.['cache-control']]).toEqual([
      'GET',
      'text/event-stream',
      'no-cache',
    ])
    expect(headers).not.toHaveProperty('last-event-id')
    expect(headers).not.toHaveProperty('heartline-client')
  })

  it.each([301, 302, 303, 307, 308])(
    'follows a %i, and names the origin it arrived at',
    async (status) => {
      const other = await serve((_, response) => openStream(response, 'data: 1\n\n'))
      const { url, requests } = await serve((_, response) => {
        response.writeHead(status, { location: other.url }).end()
      })
      const { messages, source } = open(url)
      await until(() => messages.length === 1)
      expect([messages[0]?.origin, source.url]).toEqual([other.url, `${url}/`])
      expect(requests).toHaveLength(1)
    },
  )

  it('asks the original address again, not where it was sent', async () => {
    const other = await serve((_, response) => {
      openStream(response)
      response.end('retry: 1\ndata: 1\n\n')
    })
    const { url, requests } = await serve((_, response, n) => {
      if (n === 0) response.writeHead(302, { location: other.url }).end()
      else openStream(response, 'data: 2\n\n')
    })
    const { data } = open(url)
    await until(() => data.length === 2)
    expect([data, requests.length, other.requests.length]).toEqual([['1', '2'], 2, 1])
  })
})

describe('an answer', () => {
  it.each([201, 202, 204, 205, 206, 299, 300, 304, 400, 401, 404, 410, 429, 500, 502, 503, 504])(
    '%i fails it for good, with one error',
    async (status) => {
      const { url, requests } = await serve((_, response) => {
        response.writeHead(status, { 'content-type': 'text/event-stream', 'retry-after': '0' })
        response.end()
      })
      const { source, log } = open(url, { clock: soon })
      await until(() => source.readyState === 2)
      await settle()
      expect([log, requests.length]).toEqual([['error 2'], 1])
    },
  )

  it.each([
    ['text/event-stream', true],
    ['text/event-stream;charset=utf-8', true],
    ['text/event-stream;charset=windows-1252', true],
    ['text/event-stream;', true],
    ['text/event-stream; bogus', true],
    ['TEXT/Event-Stream', true],
    ['text/event-stream x', false],
    ['text/x-bogus', false],
    ['x text/event-stream', false],
    ['text/event-streamer', false],
    ['', false],
  ])('with the type "%s" opens: %s', async (type, opens) => {
    const { url } = await serve((_, response) => {
      if (type !== '') response.setHeader('content-type', type)
      response.writeHead(200).write('data: ok…\n\n')
    })
    const { source, log, data } = open(url)
    await until(() => log.length > 0)
    expect([source.readyState, log]).toEqual(opens ? [1, ['open 1']] : [2, ['error 2']])
    if (opens) await until(() => data[0] === 'ok…')
  })
})

describe('a stream', () => {
  const cases: [string, string | Uint8Array, unknown[]][] = [
    ['joins lines of data', 'data: a\ndata\ndata:b\n\n', ['a\n\nb']],
    ['takes one space away', 'data:  a\n\ndata:b\n\n', [' a', 'b']],
    ['dispatches empty data', 'data\n\ndata:\n\n', ['', '']],
    [
      'takes CR, LF and CRLF for line ends',
      'data: 1\r\rdata: 2\n\ndata: 3\r\n\r\n',
      ['1', '2', '3'],
    ],
    ['mixes line ends', 'data: 1\rdata: 2\r\n\ndata: 3\n\r', ['1\n2', '3']],
    ['ignores comments', ': x\n:\ndata: a\n: y\n\n:z\n\n', ['a']],
    ['ignores unknown fields and wrong case', 'Data: x\nfoo: y\n data: z\ndata: a\n\n', ['a']],
    ['drops an unfinished block', 'data: a\n\ndata: b\n', ['a']],
    ['takes one BOM away', '\uFEFFdata: a\n\n', ['a']],
    ['and no second', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', ['b']],
    ['and no later one', 'data: a\n\n\uFEFFdata: b\n\ndata: c\n\n', ['a', 'c']],
    ['keeps NUL in data', 'data: a\0b\n\n', ['a\0b']],
    ['replaces invalid bytes', Uint8Array.of(100, 97, 116, 97, 58, 255, 10, 10), ['\uFFFD']],
    ['reads a colon in data', 'data: a: b\ndata::c\n\n', ['a: b\n:c']],
  ]
  it.each(cases)('%s', async (_, text, expected) => {
    expect((await read(text)).data).toEqual(expected)
  })

  it('names events, and forgets the name after each block', async () => {
    const text = 'event: a\ndata: 1\n\ndata: 2\n\nevent: a\n\ndata: 3\n\nevent:\ndata: 4\n\n'
    const { messages } = await read(text, ['a', 'message'])
    expect(messages.map(({ type, data }) => type + String(data))).toEqual([
      'a1',
      'message2',
      'message3',
      'message4',
    ])
  })

  it('may be cut anywhere', async () => {
    const bytes = Buffer.from('\uFEFFid: 1\r\nevent: ä\r\ndata: é…😀\r\ndata: b\r\n\r\n')
    const { url } = await serve(async (_, response) => {
      openStream(response)
      for (const byte of bytes) {
        response.write(Buffer.of(byte))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    })
    const { messages } = open(url, {}, ['ä'])
    await until(() => messages.length === 1)
    expect([messages[0]?.data, messages[0]?.lastEventId]).toEqual(['é…😀\nb', '1'])
  })

  it('keeps the id until another comes, resets it, and ignores one with NUL', async () => {
    const text =
      'id: 1\ndata: a\n\ndata: b\n\nid: x\0y\ndata: c\n\nid\ndata: d\n\nid: 2\n\ndata: e\n\nid:\n\ndata: f\n\n'
    const { messages } = await read(text)
    expect(messages.map(({ lastEventId }) => lastEventId)).toEqual(['1', '1', '1', '', '2', ''])
  })
})

describe('coming back', () => {
  it('says error, waits the time it was told, and opens again with the last id', async () => {
    const clock = new ManualClock()
    const { url, requests } = await serve((_, response, n) => {
      openStream(response)
      if (n === 0) response.end('retry: 700\nid: …é\ndata: 1\n\nid: 2')
    })
    const { source, log } = open(url, { clock, random: () => 0 })
    await until(() => log.length === 2)
    expect([log, source.readyState]).toEqual([['open 1', 'error 0'], 0])
    clock.advance(699)
    await settle(20)
    expect(requests).toHaveLength(1)
    clock.advance(1)
    await until(() => log.length === 3)
    expect(log[2]).toBe('open 1')
    const sent = requests[1]?.headers['last-event-id']
    expect(Buffer.from(String(sent), 'latin1').toString()).toBe('…é')
  })

  it('sends no id after it was reset', async () => {
    const { url, requests } = await serve((_, response) => {
      openStream(response)
      response.end('retry: 1\nid: 1\ndata: 1\n\nid\n\n')
    })
    open(url)
    await until(() => requests.length === 2)
    expect(requests[1]?.headers).not.toHaveProperty('last-event-id')
  })

  it.each([
    ['retry: 1000', 1000],
    ['retry:1000', 1000],
    ['retry: 010', 50],
    ['retry', 3000],
    ['retry:', 3000],
    ['retry: 1000x', 3000],
    ['retry: -1', 3000],
    ['retry: 1.5', 3000],
    ['retry: 1000\nretry: x', 1000],
    ['', 3000],
  ])('after "%s" it waits %i ms', async (field, ms) => {
    const clock = new ManualClock()
    const { url } = await serve((_, response) => {
      openStream(response)
      response.end(`${field}\n\n`)
    })
    const { log } = open(url, { clock, random: () => 0 })
    await until(() => log.length === 2)
    await until(() => clock.waits.at(-1) === ms, `${clock.waits.at(-1)} is ${ms}`)
  })

  it.each([100, 60_000])('adds nothing to %i ms after a stream', async (ms) => {
    const clock = new ManualClock()
    const { url } = await serve((_, response) => {
      openStream(response)
      response.end(`retry: ${ms}\n\n`)
    })
    const { log } = open(url, { clock, random: () => 0.999 })
    await until(() => log.length === 2 && clock.waits.at(-1) === ms)
  })

  it('adds a tenth at most, and at most 200 ms, after an attempt that failed', async () => {
    const clock = new ManualClock()
    const { url } = await serve((_, response, n) => {
      if (n > 0) return response.destroy()
      openStream(response)
      return response.end('retry: 1000\n\n')
    })
    const { log } = open(url, { clock, random: () => 0.999 })
    await until(() => log.length === 2 && clock.waits.at(-1) === 1000)
    clock.advance(1000)
    await until(() => log.length === 3 && clock.waits.at(-1) === 1100)
    const far = open('http://127.0.0.1:9', { clock, random: () => 0.999 })
    await until(() => far.log.length === 1 && clock.waits.at(-1) === 3200)
  })

  it('asks a server that cannot be reached less and less often', async () => {
    const clock = new ManualClock()
    const { log } = open('http://127.0.0.1:9', { clock, random: () => 0 })
    const waits: number[] = []
    for (let n = 1; n <= 16; n++) {
      await until(() => log.length === n)
      await settle(5)
      waits.push(clock.waits.at(-1) ?? 0)
      clock.advance(60_000)
    }
    expect(log[15]).toBe('error 0')
    expect(waits[0]).toBe(3000)
    expect(waits[15]).toBeGreaterThan(15_000)
    expect([...waits].sort((a, b) => a - b)).toEqual(waits)
  })

  it('comes back after a broken connection', async () => {
    const { url } = await serve((_, response, n) => {
      openStream(response, `retry: 1\ndata: ${n}\n\n`)
      if (n === 0) setTimeout(() => response.destroy(), 20)
    })
    const { data, log } = open(url)
    await until(() => data.length === 2)
    expect(log).toEqual(['open 1', 'error 0', 'open 1'])
  })
})

describe('closing', () => {
  it('ends the connection at once, without an event', async () => {
    const { url, requests } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const { source, data, log } = open(url)
    await until(() => data.length === 1)
    source.close()
    source.close()
    expect(source.readyState).toBe(2)
    await until(() => requests[0]?.socket.destroyed)
    await settle()
    expect(log).toEqual(['open 1'])
  })

  it('from an event keeps the rest of the chunk back', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\ndata: 2\n\n'))
    const { source, data } = open(url)
    source.onmessage = () => source.close()
    await until(() => data.length === 1)
    await settle()
    expect(data).toEqual(['1'])
  })

  it('from open, error or right away is the end', async () => {
    const { url, requests } = await serve((_, response) => {
      openStream(response, 'retry: 1\ndata: 1\n\n')
      response.end()
    })
    const atOpen = open(url)
    atOpen.source.onopen = () => atOpen.source.close()
    const atError = open(url)
    atError.source.onerror = () => atError.source.close()
    const atOnce = open(url)
    atOnce.source.close()
    await until(() => atError.log.length === 2)
    await settle(100)
    expect([atOpen.data, atOpen.log, atError.data, atOnce.log]).toEqual([[], ['open 1'], ['1'], []])
    expect(requests.length).toBeLessThanOrEqual(3)
  })
})

describe('a handler that throws', () => {
  it('does not stop the stream, and is reported as every event target does', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\ndata: 2\n\n'))
    const thrown: unknown[] = []
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', (error) => thrown.push(error.message))
    onTestFinished(() => {
      process.removeAllListeners('uncaughtException')
      for (const other of others) process.on('uncaughtException', other)
    })
    const { source, data } = open(url)
    source.onmessage = () => {
      throw new Error('boom')
    }
    await until(() => data.length === 2 && thrown.length === 2)
    expect([source.readyState, thrown]).toEqual([1, ['boom', 'boom']])
  })
})

it('needs nothing of a page: what others put in its place may have no listeners', async () => {
  const { url } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
  vi.stubGlobal('document', { title: 'A page', baseURI: `${url}/` })
  let seen: Seen
  try {
    seen = open('stream')
  } finally {
    vi.unstubAllGlobals()
  }
  await until(() => seen.data.length === 1)
  expect([seen.data, seen.source.url]).toEqual([['1'], `${url}/stream`])
})
