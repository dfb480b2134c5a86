import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createClient, EventSource, type Client, type ClientOptions } from '../src/index.ts'
import { fileStore } from '../src/node.ts'
import { ManualClock } from './kit/manual-clock.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { soon } from './kit/soon.ts'
import { settle, until } from './kit/until.ts'

const QUICK = { fastMs: 1, baseMs: 5, capMs: 20 }

interface Reading {
  readonly seen: unknown[]
  readonly codes: (string | undefined)[]
  readonly reported: string[]
  readonly client: Client
}

function read(options: ClientOptions): Reading {
  const client = createClient({ ladder: QUICK, ...options })
  const reading: Reading = { seen: [], codes: [], reported: [], client }
  onTestFinished(() => client.close())
  client.onState(({ name, lastError }) => {
    if (name === 'waiting' || name === 'closed') reading.codes.push(lastError?.code)
  })
  client.onError(({ code }) => reading.reported.push(code))
  client.on('*', (data) => reading.seen.push(data))
  return reading
}

/** The code that closes the client. */
async function final(reading: Reading): Promise<string | undefined> {
  await until(() => reading.client.state.name === 'closed', 'the client is closed')
  return reading.codes.at(-1)
}

/** The code after which it tries again. */
async function retried(reading: Reading): Promise<string | undefined> {
  const { client, codes } = reading
  await until(() => codes.length >= 2 || client.state.name === 'closed', 'it tries again')
  expect(client.state.name).not.toBe('closed')
  return codes[0]
}

interface Source {
  readonly source: EventSource
  readonly data: string[]
  /** `readyState` at each `error`. */
  readonly errors: number[]
}

function readSource(url: string, options = {}): Source {
  const source = new EventSource(url, { clock: soon, ...options })
  const reading: Source = { source, data: [], errors: [] }
  onTestFinished(() => source.close())
  source.addEventListener('message', ({ data }: MessageEvent<string>) => reading.data.push(data))
  source.addEventListener('error', () => reading.errors.push(source.readyState))
  return reading
}

async function failsForGood({ source, errors }: Source): Promise<void> {
  await until(() => source.readyState === EventSource.CLOSED, 'the EventSource is closed')
  expect(errors).toEqual([EventSource.CLOSED])
}

async function comesBack({ errors }: Source): Promise<void> {
  await until(() => errors.length >= 2, 'the EventSource comes back')
  expect(errors).not.toContain(EventSource.CLOSED)
}

/** A server of bytes. */
async function serveBytes(handler: (socket: Socket) => unknown): Promise<string> {
  return listening(createServer((socket) => socket.once('data', () => handler(socket))))
}

async function listening(server: Server, scheme = 'http'): Promise<string> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('an answer that is no stream', () => {
  it.each([
    ['text/html', '<!doctype html><p>Log in'],
    ['application/json', '{}'],
    ['text/plain', 'data: 1\n\n'],
    ['text/event-streams', 'data: 1\n\n'],
    [undefined, 'data: 1\n\n'],
  ])('HL-CLIENT-40: 200 with the type %s', async (type, text) => {
    const { url, requests } = await serve((_, response) => {
      response.writeHead(200, type === undefined ? {} : { 'content-type': type }).end(text)
    })
    const reading = read({ url })
    expect(await final(reading)).toBe('HL_CLIENT_CONTENT_TYPE')
    const source = readSource(url)
    await failsForGood(source)
    expect([reading.seen, source.data]).toEqual([[], []])
    await settle()
    expect(requests).toHaveLength(2)
  })

  it('HL-CLIENT-40: after a stream, or with a place of an earlier one, it is waited out', async () => {
    const { url } = await serve((_, response, n) => {
      const isPortal = n === 1 || n === 2
      if (isPortal) response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Log in')
      else openStream(response, `id: ${n}\ndata: ${n}\n\n`)
      if (n === 0) response.end()
    })
    const reading = read({ url })
    await until(() => reading.seen.includes(3), 'the portal lets it through')
    expect(reading.codes).toContain('HL_CLIENT_CONTENT_TYPE')

    const html = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Log in')
    })
    expect(await retried(read({ url: html.url, lastEventId: '7' }))).toBe('HL_CLIENT_CONTENT_TYPE')
  })

  it('HL-CLIENT-41: 204', async () => {
    const { url, requests } = await serve((_, response) => response.writeHead(204).end())
    expect(await final(read({ url }))).toBe('HL_CLIENT_NO_CONTENT')
    await failsForGood(readSource(url))
    await settle()
    expect(requests).toHaveLength(2)
  })

  it('HL-CLIENT-42: 401 asks for a token once, and goes on at the same place', async () => {
    const server = await serve((request, response, n) => {
      const { authorization, 'last-event-id': id } = request.headers
      if (authorization === 'Bearer old' && n > 0) response.writeHead(401).end()
      else if (id === undefined) openStream(response, 'id: 5\ndata: 5\n\n')
      else openStream(response, `id: 6\ndata: after ${String(id)}\n\n`)
      if (n === 0) response.end()
    })
    const asked: boolean[] = []
    const token = ({ refresh }: { refresh: boolean }): string => {
      asked.push(refresh)
      return asked.includes(true) ? 'new' : 'old'
    }
    const reading = read({ url: server.url, token })
    await until(() => reading.seen.length === 2, 'it reads on')
    expect(reading.seen).toEqual([5, 'after 5'])
    expect(asked).toEqual([false, false, true])
    expect(server.requests.map(({ headers }) => headers['last-event-id'])).toEqual([
      undefined,
      '5',
      '5',
    ])
  })

  it('HL-CLIENT-42: a second 401, or one without a way to get another token, is final', async () => {
    const { url, requests } = await serve((_, response) => response.writeHead(401).end())
    expect(await final(read({ url, token: () => 'bad' }))).toBe('HL_CLIENT_REFUSED')
    expect(requests).toHaveLength(2)
    expect(await final(read({ url, token: 'bad' }))).toBe('HL_CLIENT_REFUSED')
    expect(requests).toHaveLength(3)
    await failsForGood(readSource(url))
  })

  it.each([400, 403, 404, 410, 501, 505])('HL-CLIENT-43: %i', async (status) => {
    const { url, requests } = await serve((_, response) => response.writeHead(status).end())
    const reading = read({ url: `${url}/client` })
    expect(await final(reading)).toBe('HL_CLIENT_REFUSED')
    // One that failed otherwise before would say so here.
    expect(reading.codes).toEqual(['HL_CLIENT_REFUSED'])
    await failsForGood(readSource(`${url}/source`))
    await settle()
    expect(requests.map((request) => request.url)).toEqual(['/client', '/source'])
  })

  it.each([408, 425, 429, 500, 502, 503, 504])('HL-CLIENT-44: %i', async (status) => {
    const { url } = await serve((_, response) => response.writeHead(status).end())
    expect(await retried(read({ url }))).toBe('HL_CLIENT_REFUSED')
    await failsForGood(readSource(url))
  })

  it.each([
    ['seconds', () => '2'],
    ['a date', () => new Date(Date.now() + 2900).toUTCString()],
  ])('HL-CLIENT-44: Retry-After in %s is obeyed', async (_, retryAfter) => {
    const times: number[] = []
    const { url } = await serve((_request, response, n) => {
      times.push(performance.now())
      if (n === 0) response.writeHead(503, { 'retry-after': retryAfter() }).end()
      else openStream(response, 'data: 1\n\n')
    })
    const { client, seen } = read({ url })
    await until(() => client.state.name === 'waiting', 'it waits')
    client.wake()
    await until(() => seen.length === 1, 'it comes back')
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1850)
  })
})

describe('a stream that is wrong', () => {
  it.each([
    ['until the connection closes', ''],
    ['of keep-alive without a length', 'Connection: keep-alive\r\n'],
  ])('HL-CLIENT-45: HTTP/1.0, %s', async (_, header) => {
    const url = await serveBytes((socket) => {
      socket.end(`HTTP/1.0 200 OK\r\n${header}Content-Type: text/event-stream\r\n\r\ndata: 1\n\n`)
    })
    const reading = read({ url })
    expect(await retried(reading)).toBe('HL_CLIENT_STREAM_ENDED')
    expect(reading.seen.slice(0, 2)).toEqual([1, 1])
    const source = readSource(url)
    await comesBack(source)
    expect(source.data.slice(0, 2)).toEqual(['1', '1'])
  })

  it('HL-CLIENT-45: HTTP/1.1 without a length and not in chunks', async () => {
    const url = await serveBytes((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
    })
    const reading = read({ url })
    expect(await retried(reading)).toBe('HL_CLIENT_STREAM_ENDED')
    expect(reading.seen[0]).toBe(1)
  })

  it('HL-CLIENT-46: an event over the bound', async () => {
    const { url, requests } = await serve((_, response) => {
      openStream(response, `data: 1\n\ndata: ${'x'.repeat(5000)}\n\ndata: 3\n\n`)
    })
    const reading = read({ url, maxEventLength: 1000 })
    expect(await final(reading)).toBe('HL_EVENT_TOO_LARGE')
    const source = readSource(url, { maxEventLength: 1000 })
    await failsForGood(source)
    expect([reading.seen, source.data]).toEqual([[1], ['1']])
    expect(requests).toHaveLength(2)
  })

  it.each(['data: ', ': ', ''])('HL-CLIENT-47: an endless line that begins %j', async (start) => {
    let sent = 0
    const { url } = await serve((_, response) => {
      openStream(response, `data: 1\n\n${start}`)
      const more = (): void => {
        sent += 16_384
        if (!response.destroyed) response.write('x'.repeat(16_384), more)
      }
      more()
    })
    expect(await final(read({ url, maxEventLength: 100_000 }))).toBe('HL_EVENT_TOO_LARGE')
    await failsForGood(readSource(url, { maxEventLength: 100_000 }))
    // Each was left soon after the bound, with what was on its way.
    expect(sent).toBeLessThan(20_000_000)
  })

  it('HL-CLIENT-48: invalid UTF-8', async () => {
    const { url } = await serve((_, response) => {
      openStream(response)
      response.write(Buffer.from([...Buffer.from('data: a'), 0xff, 0xc3, ...Buffer.from('b\n\n')]))
      response.write('data: next\n\n')
    })
    const reading = read({ url })
    const source = readSource(url)
    await until(() => reading.seen.length === 2 && source.data.length === 2, 'both read it')
    expect(reading.seen).toEqual(['a\uFFFD\uFFFDb', 'next'])
    expect(source.data).toEqual(reading.seen)
  })

  it('HL-CLIENT-49: a server that accepts and says nothing', async () => {
    const url = await serveBytes(() => {})
    const reading = read({ url, watch: { connectMs: 60 } })
    expect(await retried(reading)).toBe('HL_CLIENT_CONNECT_TIMEOUT')
    const source = readSource(url)
    await settle(300)
    expect([source.source.readyState, source.errors]).toEqual([EventSource.CONNECTING, []])
  })

  it('HL-CLIENT-50: one that sends a head only', async () => {
    const headers = { 'heartline-heartbeat': '15000' }
    const { url } = await serve((_, response) => openStream(response, '', headers))
    expect(await retried(read({ url, watch: { firstByteMs: 60 } }))).toBe('HL_CLIENT_NO_FIRST_BYTE')
    const clock = new ManualClock()
    const going = setInterval(() => clock.advance(1000), 5)
    onTestFinished(() => clearInterval(going))
    await comesBack(readSource(url, { clock }))
  })

  it('HL-CLIENT-50: one that promised no heartbeat may be silent', async () => {
    const { url } = await serve((_, response) => openStream(response))
    const clock = new ManualClock()
    const reading = read({ url, clock })
    const source = readSource(url, { clock })
    await until(() => reading.client.state.name === 'open' && source.source.readyState === 1)
    clock.advance(600_000)
    await settle()
    expect([reading.client.state.name, reading.codes]).toEqual(['open', []])
    expect([source.source.readyState, source.errors]).toEqual([EventSource.OPEN, []])
  })
})

describe('a network that fails', () => {
  it('HL-CLIENT-51: a certificate that nobody signed', async () => {
    const kit = new URL('../../session/test/kit/tls/', import.meta.url)
    const pem = (name: string): string => readFileSync(new URL(`${name}.pem`, kit), 'utf8')
    let requests = 0
    const server = createTlsServer({ key: pem('key'), cert: pem('cert') }, () => requests++)
    const url = await listening(server, 'https')
    expect(await retried(read({ url, token: 'secret' }))).toBe('HL_CLIENT_TLS')
    await comesBack(readSource(url))
    expect(requests).toBe(0)
  })

  it('HL-CLIENT-51: TLS to a server without it', async () => {
    const { url } = await serve(() => {})
    const secure = url.replace('http:', 'https:')
    expect(await retried(read({ url: secure }))).toBe('HL_CLIENT_TLS')
    await comesBack(readSource(secure))
  })

  it('HL-CLIENT-52: a name that does not exist', async () => {
    expect(await retried(read({ url: 'http://nowhere.invalid' }))).toBe('HL_CLIENT_DNS')
    await comesBack(readSource('http://nowhere.invalid'))
  })

  it('HL-CLIENT-52: a port where nobody listens, a reset, and what is no HTTP', async () => {
    const server = await serve(() => {})
    const { url } = server
    await server.close()
    expect(await retried(read({ url }))).toBe('HL_CLIENT_NETWORK')
    await comesBack(readSource(url))
    const reset = await serveBytes((socket) => socket.resetAndDestroy())
    expect(await retried(read({ url: reset }))).toBe('HL_CLIENT_NETWORK')
    await comesBack(readSource(reset))
    const noise = await serveBytes((socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
    expect(await retried(read({ url: noise }))).toBe('HL_CLIENT_NETWORK')
  })

  it('HL-CLIENT-53: a redirect loop', async () => {
    const { url } = await serve((_, response) => {
      response.writeHead(302, { location: '/' }).end()
    })
    expect(await retried(read({ url }))).toBe('HL_CLIENT_REDIRECT_LOOP')
    await comesBack(readSource(url))
  })

  it('HL-CLIENT-54: a redirect to another origin, which learns no secret', async () => {
    const other = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const { url } = await serve((_, response) => {
      response.writeHead(307, { location: `${other.url}/there` }).end()
    })
    const secrets = { token: 'secret', headers: { cookie: 'secret=1' } }
    expect(await final(read({ url, ...secrets }))).toBe('HL_CLIENT_REDIRECT_ORIGIN')
    const allowed = read({ url, ...secrets, redirect: 'follow' })
    await until(() => allowed.seen.length === 1, 'it reads where it may')
    const source = readSource(url)
    await until(() => source.data.length === 1, 'an EventSource follows')
    expect(other.requests.length).toBeGreaterThanOrEqual(3)
    for (const { headers } of other.requests) {
      expect(JSON.stringify(headers)).not.toContain('secret')
    }
  })
})

describe('what the caller does', () => {
  it('HL-CLIENT-55: a handler that throws or rejects', async () => {
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\ndata: 2\n\n'))
    const reading = read({ url })
    reading.client.on('message', () => {
      throw new Error('on purpose')
    })
    reading.client.on('message', () => Promise.reject(new Error('on purpose')))
    await until(() => reading.reported.length === 4, 'all are reported')
    expect(new Set(reading.reported)).toEqual(new Set(['HL_CLIENT_HANDLER_FAILED']))
    expect(reading.seen).toEqual([1, 2])
    expect(reading.client.state.name).toBe('open')
  })

  it('HL-CLIENT-56: a handler that never returns', async () => {
    const { url } = await serve((_, response) => openStream(response, 'id: 7\ndata: 1\n\n'))
    const reading = read({ url, handlerMs: 40 })
    reading.client.on('message', () => new Promise(() => {}))
    await until(() => reading.reported.length > 0, 'it is reported')
    expect(reading.reported).toEqual(['HL_CLIENT_HANDLER_STUCK'])
    expect([reading.client.state.name, reading.client.lastEventId]).toEqual(['open', ''])
  })

  it.each([
    ['full', () => Promise.reject(new Error('ENOSPC: no space left on device'))],
    [
      'denied',
      () => {
        throw new Error('SecurityError')
      },
    ],
  ])('HL-CLIENT-57: a store that is %s', async (_, fail: () => Promise<never>) => {
    const { url } = await serve((_request, response) => {
      openStream(response, 'id: 7\ndata: 1\n\nid: 8\ndata: 2\n\n')
    })
    const reading = read({ url, store: { load: fail, save: fail } })
    await until(() => reading.reported.length >= 2, 'it is reported')
    await until(() => reading.client.lastEventId === '8', 'the place is kept all the same')
    expect(new Set(reading.reported)).toEqual(new Set(['HL_CLIENT_STORE_FAILED']))
    expect(reading.seen).toEqual([1, 2])
  })

  it('HL-CLIENT-57: a directory that is not there, a file without permission', async () => {
    const { url } = await serve((_, response) => openStream(response, 'id: 7\ndata: 1\n\n'))
    const directory = mkdtempSync(join(tmpdir(), 'heartline-client-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const absent = read({ url, store: fileStore(join(directory, 'not there', 'place')) })
    await until(() => absent.reported.length > 0 && absent.seen.length > 0, 'it is reported')
    // What is no file cannot be read, also by root, whom permissions do not hold.
    chmodSync(directory, 0o500)
    const denied = read({ url, store: fileStore(directory) })
    await until(() => denied.reported.length > 0 && denied.seen.length > 0, 'it is reported')
    expect(new Set([...absent.reported, ...denied.reported])).toEqual(
      new Set(['HL_CLIENT_STORE_FAILED']),
    )
    expect([absent.seen, denied.seen]).toEqual([[1], [1]])
  })

  it.each(['POST', 'PATCH'])('HL-CLIENT-58: %s is not sent again', async (method) => {
    const cut = await serve((_, response) => {
      openStream(response, 'data: 1\n\n')
      setTimeout(() => response.destroy(), 20)
    })
    expect(await final(read({ url: cut.url, method, body: '{}' }))).toBe('HL_CLIENT_NOT_REPEATED')
    await settle()
    expect(cut.requests).toHaveLength(1)
    const repeated = read({ url: cut.url, method, body: '{}', repeat: true })
    await until(() => repeated.seen.length > 1, 'it is sent again when allowed')
    expect(cut.bodies[1]).toBe('{}')
  })

  it.each([
    ['text', 'data: no JSON\n\n'],
    ['half', 'data: {"a":\n\n'],
  ])('HL-CLIENT-60: data that is no JSON, %s', async (_, text) => {
    const { url } = await serve((_request, response) => openStream(response, `${text}data: 2\n\n`))
    const reading = read({ url, decode: 'json' })
    await until(() => reading.seen.length === 1, 'the next is read')
    expect([reading.seen, reading.reported]).toEqual([[2], ['HL_CLIENT_DATA_INVALID']])
  })

  it('HL-CLIENT-61: an id that no field of HTTP may hold', async () => {
    const { url, requests } = await serve((_request, response, n) => {
      openStream(response, `retry: 1\nid: ${n === 0 ? 'a' : '\x01'}\ndata: ${n}\n\n`)
      if (n < 2) response.end()
    })
    const reading = read({ url })
    await until(() => reading.seen.length === 3, 'it comes back')
    expect(reading.codes).toEqual(['HL_CLIENT_STREAM_ENDED', 'HL_CLIENT_STREAM_ENDED'])
    const sent = requests.map(({ headers }) => headers['last-event-id'])
    expect([sent, reading.client.lastEventId]).toEqual([[undefined, 'a', undefined], '\x01'])
  })
})

describe('HL-CLIENT-59: a loop without a wait cannot be asked for', () => {
  const NO_WAITS = { fastRetries: 1e9, fastMs: 0, baseMs: 0, capMs: 0, jitter: 0, stableMs: 0 }
  const MS = 1000

  /** Waits for a good many requests, and tells how many fit: one each 50 ms, and the first. */
  async function atMost(requests: readonly unknown[]): Promise<number> {
    const beganAt = performance.now()
    await settle(MS)
    await until(() => requests.length > 3, 'it asks again and again')
    return Math.ceil((performance.now() - beganAt) / 50) + 1
  }

  it.each([
    ['retry: 0 and the end', () => openStream],
    ['an event and the end', () => openStream],
    ['503 with Retry-After: 0', () => undefined],
  ])('%s', async (name, isStream) => {
    const server = await serve((_, response) => {
      if (isStream() === undefined) {
        response.writeHead(503, { 'retry-after': '0' }).end()
        return
      }
      openStream(response, name.startsWith('retry') ? 'retry: 0\n\n' : 'retry: 0\ndata: 1\n\n')
      response.end()
    })
    const { client } = read({ url: server.url, ladder: NO_WAITS })
    const waking = setInterval(() => client.wake(), 1)
    const most = await atMost(server.requests)
    clearInterval(waking)
    client.close()
    expect(server.requests.length).toBeLessThanOrEqual(most)
  })

  it('nor of an EventSource', async () => {
    const server = await serve((_, response) => {
      openStream(response, 'retry: 0\ndata: 1\n\n')
      response.end()
    })
    const source = new EventSource(server.url)
    const most = await atMost(server.requests)
    source.close()
    expect(server.requests.length).toBeLessThanOrEqual(most)
  })
})
