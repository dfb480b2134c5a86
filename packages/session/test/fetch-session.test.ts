import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createFetchSession } from '../src/fetch.ts'
import { sleep, until } from './kit/reader.ts'

const decoder = new TextDecoder()

function setUp(init: RequestInit = {}) {
  const controller = new AbortController()
  const request = new Request('http://localhost/', { signal: controller.signal, ...init })
  return { controller, request, ...createFetchSession(request, { random: () => 0 }) }
}

describe('A session on Fetch', () => {
  it('has its first bytes in the body at once', async () => {
    const { response, session } = setUp()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('connection')).toBeNull()
    const reader = response.body!.getReader()
    const { value } = await reader.read()
    expect(decoder.decode(value)).toBe(': heartline heartbeat=15000\nretry: 2000\n\n')
    session.close()
    await expect(reader.read()).resolves.toMatchObject({ done: true })
  })

  it('ends with `disconnected` when the body is cancelled, and rejects nowhere', async () => {
    const rejected: unknown[] = []
    const note = (reason: unknown): void => void rejected.push(reason)
    process.on('unhandledRejection', note)
    const { response, session } = setUp()
    await response.body!.cancel('bored')
    expect(session.end).toMatchObject({ reason: 'disconnected' })
    expect(session.send({ data: 'late' })).toBe('over')
    await sleep(20)
    process.off('unhandledRejection', note)
    expect(rejected).toEqual([])
  })

  it('ends with `disconnected` when the request is aborted, and the body closes', async () => {
    const { response, session, controller } = setUp()
    const reader = response.body!.getReader()
    await reader.read()
    controller.abort()
    expect(session.end).toMatchObject({ reason: 'disconnected' })
    await expect(reader.read()).resolves.toMatchObject({ done: true })
    await reader.cancel()
  })

  it('takes abort and cancel in any order, also after its own end', async () => {
    const first = setUp()
    await first.response.body!.cancel()
    first.controller.abort()
    expect(first.session.end?.reason).toBe('disconnected')
    const second = setUp()
    second.session.close()
    second.controller.abort()
    await second.response.body!.cancel()
    expect(second.session.end?.reason).toBe('finished')
    const third = setUp()
    await third.response.body!.getReader().read()
    third.session.close()
    third.controller.abort()
    expect(third.session.end?.reason).toBe('finished')
  })

  it('leaves no listener on the signal of the request', async () => {
    const controller = new AbortController()
    const counted = { added: 0, removed: 0 }
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...given: Parameters<typeof add>) => (counted.added++, add(...given))
    signal.removeEventListener = (...given: Parameters<typeof remove>) => (
      counted.removed++,
      remove(...given)
    )
    const request = { signal, method: 'GET' } as Request
    const { session, response } = createFetchSession(request)
    await response.body!.getReader().read()
    session.close()
    expect(counted).toEqual({ added: 1, removed: 1 })
  })

  it('is over from the start for a request that was aborted, or asks for the head', async () => {
    const gone = createFetchSession(
      new Request('http://localhost/', { signal: AbortSignal.abort() }),
    )
    expect(gone.session.end).toMatchObject({ reason: 'disconnected' })
    expect(gone.response.body).toBeNull()
    gone.session.close()
    gone.session.drain()
    gone.session.setHeartbeat(1_000)
    gone.session.setExpiry(1)
    const head = setUp({ method: 'HEAD' })
    expect(head.session.end).toMatchObject({ reason: 'finished' })
    expect(head.response.headers.get('heartline-session')).toBe(head.session.id)
  })

  it('counts bytes, not chunks, until it is blocked', async () => {
    const { session, response } = setUp()
    for (let i = 0; i < 500; i++) expect(session.send({ data: 'tiny' })).toBe('written')
    expect(session.isBlocked).toBe(false)
    session.send({ data: 'x'.repeat(20_000) })
    expect(session.isBlocked).toBe(true)
    expect(session.send({ data: 'y' })).toBe('waiting')
    const reader = response.body!.getReader()
    for (let read = 0; read < 20_000;) read += (await reader.read()).value!.length
    await until(() => !session.isBlocked)
  })

  it('drops what it holds when it is cut', async () => {
    const { session, response } = setUp()
    const reader = response.body!.getReader()
    session.send({ data: 'x'.repeat(20_000) })
    session.close('kicked', { graceMs: 0 })
    await until(() => session.isOver)
    await sleep(150)
    await expect(reader.read()).rejects.toMatchObject({ code: 'HL_SESSION_ENDED' })
  })

  it('exposes its headers to cross-origin readers that were let in', () => {
    const request = new Request('http://localhost/')
    const headers = { 'access-control-allow-origin': '*' }
    const { response, session } = createFetchSession(request, { headers })
    expect(response.headers.get('access-control-expose-headers')).toBe(
      'Heartline-Session, Heartline-Heartbeat, Heartline-Tell',
    )
    session.close()
  })

  it('gives every request a wheel of its own on Workers', () => {
    const { navigator } = globalThis
    Object.defineProperty(globalThis, 'navigator', {
      value: { userAgent: 'Cloudflare-Workers' },
      configurable: true,
    })
    const { session } = setUp()
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true })
    expect(session.isOpen).toBe(true)
    session.close()
  })

  it('takes its address from the caller', () => {
    const request = new Request('http://localhost/')
    const { session } = createFetchSession(request, { remoteAddress: '192.0.2.7' })
    expect(session.remoteAddress).toBe('192.0.2.7')
    session.close()
  })

  it('imports nothing of Node, through any file', () => {
    const seen = new Set<string>()
    const visit = (url: URL): void => {
      if (seen.has(url.href)) return
      seen.add(url.href)
      const source = readFileSync(url, 'utf8')
      for (const [, specifier = ''] of source.matchAll(/from '([^']+)'/g)) {
        expect(specifier, url.pathname).toMatch(/^\.\/|^@heartline\/wire$/)
        if (specifier.startsWith('./')) visit(new URL(specifier, url))
      }
    }
    visit(new URL('../src/fetch.ts', import.meta.url))
    expect(seen.size).toBeGreaterThan(10)
  })
})
