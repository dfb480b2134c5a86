import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryBroker } from '@heartline/broker'
import { brokerErrors } from '@heartline/broker'
import { HeartlineError } from '@heartline/wire'
import { describe, expect, it } from 'vitest'
import { consoleRoutes } from '../../src/routes/console.ts'
import { TimedBroker } from '../../src/timed-broker.ts'
import { bearer, call, logLines, post, readStream, sign, start, startGuarded } from '../kit.ts'

describe('health', () => {
  it('tells that the process is alive and that events would be delivered', async () => {
    const server = await start()
    expect((await call(server, '/livez')).json).toEqual({ alive: true })
    const ready = await call(server, '/readyz')
    expect([ready.status, ready.json]).toEqual([200, { ready: true, reasons: [] }])
    expect(ready.headers.get('cache-control')).toBe('no-store')
  })

  it('is not ready when the log is gone, though the process is alive', async () => {
    const broker = createMemoryBroker()
    const server = await start({}, { broker })
    await broker.close()
    expect((await call(server, '/livez')).status).toBe(200)
    const ready = await call(server, '/readyz')
    expect(ready.status).toBe(503)
    expect(ready.json.ready).toBe(false)
  })
})

describe('a broker that refuses', () => {
  it.each([
    ['storageFull', 507, 'HL_STORAGE_FULL'],
    ['throttled', 429, 'HL_BROKER_THROTTLED'],
    ['ambiguous', 504, 'HL_BROKER_AMBIGUOUS'],
    ['unavailable', 503, 'HL_BROKER_UNAVAILABLE'],
  ] as const)('%s is told as %j', async (name, status, code) => {
    class Refusing extends TimedBroker {
      override append(): Promise<never> {
        return Promise.reject(
          new HeartlineError(brokerErrors[name], { reason: 'test', maxPending: 1 }),
        )
      }
    }
    const server = await start({}, { broker: new Refusing(createMemoryBroker(), () => {}) })
    const answer = await post(server, { topic: 'a', data: 1 })
    expect([answer.status, answer.json.code, answer.json.retryable]).toEqual([status, code, true])
    expect(answer.headers.get('retry-after')).not.toBeNull()
    const lines = await post(server, '{"topic":"a","data":1}\n', {
      'content-type': 'application/x-ndjson',
    })
    expect(lines.json).toMatchObject({ results: [], error: { code, line: 1 } })
  })
})

describe('metrics', () => {
  it('count requests by route, publishes, deliveries, sessions and appends', async () => {
    const server = await start()
    const reading = readStream(server, '/v1/events?topic=a', { until: 'data: 1' })
    await expect.poll(() => server.hub.stats().sessions).toBe(1)
    const during = (await call(server, '/metrics')).text
    expect(during).toMatch(/^heartline_sessions\{state="live"\} 1$/m)
    await post(server, { topic: 'a', data: 1 })
    await reading
    await call(server, '/scan/me?x=1')
    await call(server, '/v1/sessions/unknownsession')
    await expect.poll(() => server.hub.stats().sessions).toBe(0)
    const { text, headers } = await call(server, '/metrics')
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of [
      'heartline_http_requests_total{route="/v1/events",method="POST",status="201"} 1',
      'heartline_http_requests_total{route="/v1/events",method="GET",status="200"} 1',
      'heartline_http_requests_total{route="none",method="GET",status="404"} 1',
      'heartline_http_requests_total{route="/v1/sessions/{id}",method="GET",status="404"} 1',
      'heartline_published_total 1',
      'heartline_delivered_total 1',
      'heartline_sessions{state="live"} 0',
      'heartline_sessions_ended_total{reason="disconnected"} 1',
      'heartline_broker_append_seconds_count{outcome="ok"} 1',
    ]) {
      expect(text).toContain(`${line}\n`)
    }
    expect(text).not.toContain('scan')
    expect(text).not.toContain('unknownsession')
    const names = [...text.matchAll(/^# HELP (\S+)/gm)].map(([, name]) => name)
    expect(names.every((name) => name?.startsWith('heartline_'))).toBe(true)
  })

  it('can be off, or for administrators only', async () => {
    const off = await start({ metrics: { enabled: false } })
    expect((await call(off, '/metrics')).status).toBe(404)
    const guarded = await startGuarded({ metrics: { access: 'admin' } })
    expect((await call(guarded, '/metrics')).status).toBe(401)
    expect(
      (await call(guarded, '/metrics', { headers: await bearer({ admin: true }) })).status,
    ).toBe(200)
  })
})

describe('the log', () => {
  it('holds no token, ticket, payload, topic or query string', async () => {
    const { lines, log } = logLines()
    const server = await startGuarded({}, { log })
    const headers = await bearer({ publish: ['**'], subscribe: ['**'] }, { sub: 'me' })
    const { json } = await call(server, '/v1/tickets', { method: 'POST', headers })
    await post(server, { topic: 'hidden-topic', data: 'hidden-data' }, headers)
    await readStream(server, `/v1/events?topic=hidden-topic&ticket=${json.ticket}&since=earliest`, {
      until: 'hidden-data',
    })
    await call(server, `/v1/events?topic=hidden-topic&ticket=hidden-ticket`)
    await call(server, `/v1/history?topic=x&access_token=${await sign()}`)
    await post(server, '{"topic":"hidden-topic" hidden-data', headers)
    await call(server, '/hidden-path?hidden-query=1', { headers })
    await expect.poll(() => server.hub.stats().sessions).toBe(0)
    const text = lines.join('')
    expect(lines.length).toBeGreaterThan(6)
    expect(text).toContain('"route":"/v1/events"')
    expect(text).toContain('"reason":"disconnected"')
    expect(text).not.toMatch(/hidden|Bearer|eyJ/)
    expect(text).not.toContain(json.ticket)
  })

  it('removes what is named like a secret', () => {
    const { lines, log } = logLines()
    log.info({ token: 'x1', request: { authorization: 'x2', deep: { ticket: 'x3' } } }, 'test')
    expect(lines.join('')).not.toMatch(/x[123]/)
  })

  it('tells about weak secrets at the start', async () => {
    const { lines, log } = logLines()
    await start({ auth: { keys: { secret: 'short' } } }, { log })
    expect(lines.join('')).toContain('has 5 bytes, use 32 or more')
    expect(lines.join('')).not.toContain('"short"')
  })
})

describe('the console', () => {
  function directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'heartline-console-'))
    mkdirSync(join(path, 'assets'))
    writeFileSync(join(path, 'index.html'), '<title>console</title>')
    writeFileSync(join(path, 'assets', 'app-abc123.js'), 'export {}')
    writeFileSync(join(path, 'notes.secret'), 'no')
    return path
  }

  it('is served with a strict policy, hashed files for ever', async () => {
    const server = await start(
      { console: { enabled: false } },
      { routes: consoleRoutes(directory()) },
    )
    const page = await call(server, '/')
    expect(page.text).toBe('<title>console</title>')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const script = await call(server, '/assets/app-abc123.js')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toContain('immutable')
    expect((await call(server, '/notes.secret')).status).toBe(404)
    const head = await call(server, '/', { method: 'HEAD' })
    expect([head.text, head.headers.get('content-length')]).toEqual(['', '22'])
  })

  it('is a hint when it is not built, and can be off', async () => {
    const server = await start(
      { console: { enabled: false } },
      { routes: consoleRoutes('/nonexistent') },
    )
    expect((await call(server, '/')).text).toContain('npm run build')
    const off = await start({ console: { enabled: false } })
    expect((await call(off, '/')).status).toBe(404)
  })
})

it('lists recent topics with their rates', async () => {
  const server = await start()
  await post(server, [
    { topic: 'a', data: 1 },
    { topic: 'b', data: 1 },
    { topic: 'b', data: 2 },
  ])
  const { json } = await call(server, '/v1/topics?limit=1')
  expect(json.topics).toEqual([{ topic: 'b', total: 2, rate: expect.any(Number) }])
})

it('stops only once, with streams ended in good order', async () => {
  const server = await start({ drain: { deadlineMs: 1000 } })
  const reading = call(server, '/v1/events?topic=a')
  await expect.poll(() => server.hub.stats().sessions).toBe(1)
  const stopped = [server.stop(), server.stop()]
  const { text } = await reading
  expect(text).toContain('event: heartline.drain')
  await Promise.all(stopped)
  await expect(fetch(`${server.url}/livez`)).rejects.toThrow()
})
