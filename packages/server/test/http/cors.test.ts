import { describe, expect, it } from 'vitest'
import { bearer, call, raw, start, startGuarded } from '../kit.ts'

const ORIGIN = 'https://app.example'

describe('CORS', () => {
  it('names only origins of the list, and says that answers differ by origin', async () => {
    const server = await startGuarded({ cors: { origins: [ORIGIN], credentials: true } })
    const headers = { ...(await bearer()), origin: ORIGIN }
    const allowed = await call(server, '/v1/history?topic=a', { headers })
    expect(allowed.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true')
    const exposed = allowed.headers.get('access-control-expose-headers')
    for (const name of ['Heartline-Session', 'Heartline-Heartbeat', 'Retry-After'])
      expect(exposed).toContain(name)
    expect(allowed.headers.get('vary')).toBe('Origin')
    for (const origin of [
      'https://app.example.evil.example',
      'http://app.example',
      'https://app.example:444',
      'null',
      `${ORIGIN}/`,
    ]) {
      const refused = await call(server, '/v1/history?topic=a', { headers: { ...headers, origin } })
      expect(refused.headers.get('access-control-allow-origin')).toBeNull()
      expect(refused.headers.get('vary')).toBe('Origin')
    }
  })

  it('is on refusals too, so that a page can read why', async () => {
    const server = await startGuarded({ cors: { origins: [ORIGIN] } })
    const refused = await call(server, '/v1/events?topic=a', { headers: { origin: ORIGIN } })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(refused.headers.get('access-control-allow-credentials')).toBeNull()
  })

  it('is on streams', async () => {
    const server = await start({ cors: { origins: [ORIGIN] } })
    const abort = new AbortController()
    const response = await fetch(`${server.url}/v1/events?topic=a`, {
      headers: { origin: ORIGIN },
      signal: abort.signal,
    })
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(response.headers.get('vary')).toBe('Origin')
    abort.abort()
  })

  it('answers preflights of every path with its methods', async () => {
    const server = await startGuarded({ cors: { origins: [ORIGIN] } })
    const headers = {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization',
    }
    const answer = await call(server, '/v1/events', { method: 'OPTIONS', headers })
    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST, OPTIONS')
    expect(answer.headers.get('access-control-allow-headers')).toContain('Authorization')
    expect(answer.headers.get('access-control-allow-headers')).toContain('Idempotency-Key')
    const stranger = await call(server, '/v1/events', {
      method: 'OPTIONS',
      headers: { ...headers, origin: 'https://evil.example' },
    })
    expect(stranger.status).toBe(204)
    expect(stranger.headers.get('access-control-allow-origin')).toBeNull()
    expect(stranger.headers.get('access-control-allow-methods')).toBeNull()
  })

  it('allows every origin, without credentials, when told so', async () => {
    const server = await startGuarded({ cors: { origins: ['*'] } })
    const answer = await call(server, '/livez', { headers: { origin: 'https://any.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
  })
})

describe('development mode', () => {
  it('refuses a Host that does not name this machine', async () => {
    const server = await start()
    for (const host of [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.nip.io:8420',
      '192.168.0.1',
    ]) {
      const { text } = await raw(
        server,
        `GET /v1/events?topic=a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      expect(text).toMatch(/^HTTP\/1\.1 403 /)
      expect(text).toContain('HL_HOST_REFUSED')
    }
    for (const host of [
      'localhost',
      'localhost:8420',
      '127.0.0.1:8420',
      '[::1]:8420',
      'console.localhost',
    ]) {
      const { text } = await raw(
        server,
        `GET /livez HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      expect(text).toMatch(/^HTTP\/1\.1 200 /)
      expect(text).toContain('Heartline-Mode: development')
    }
  })

  it('refuses changes by pages of other sites', async () => {
    const server = await start({ cors: { origins: [ORIGIN] } })
    const from = (origin: string): ReturnType<typeof call> =>
      call(server, '/v1/tickets', { method: 'POST', headers: { origin } })
    expect((await from('https://evil.example')).json.code).toBe('HL_ORIGIN_REFUSED')
    expect((await from('null')).json.code).toBe('HL_ORIGIN_REFUSED')
    expect((await from(ORIGIN)).status).toBe(201)
    expect((await from('http://localhost:5173')).status).toBe(201)
  })

  it('lets pages that this machine serves read, and no others', async () => {
    const server = await start()
    const allowed = async (origin: string): Promise<string | null> =>
      (await call(server, '/livez', { headers: { origin } })).headers.get(
        'access-control-allow-origin',
      )
    expect(await allowed('http://localhost:5173')).toBe('http://localhost:5173')
    expect(await allowed('http://127.0.0.1:3000')).toBe('http://127.0.0.1:3000')
    expect(await allowed('https://evil.example')).toBeNull()
    expect(await allowed('http://localhost.evil.example')).toBeNull()
    expect(await allowed('null')).toBeNull()
    const guarded = await startGuarded()
    const answer = await call(guarded, '/livez', { headers: { origin: 'http://localhost:5173' } })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  it('is not what a hub with a key is in', async () => {
    const server = await startGuarded()
    const { text } = await raw(
      server,
      'GET /livez HTTP/1.1\r\nHost: hub.example\r\nConnection: close\r\n\r\n',
    )
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).not.toContain('Heartline-Mode')
  })
})
