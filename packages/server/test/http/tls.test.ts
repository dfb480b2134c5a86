import { readFileSync } from 'node:fs'
import { request as request1 } from 'node:https'
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import type { HeartlineServer } from '../../src/server.ts'
import { start } from '../kit.ts'

const certFile = fileURLToPath(new URL('../fixtures/localhost-cert.pem', import.meta.url))
const keyFile = fileURLToPath(new URL('../fixtures/localhost-key.pem', import.meta.url))
const ca = readFileSync(certFile)
const TLS = { tls: { certFile, keyFile } }

const clients: ClientHttp2Session[] = []
afterEach(() => clients.splice(0).forEach((client) => client.destroy()))

function open(server: HeartlineServer): ClientHttp2Session {
  const client = connect(server.url, { ca })
  client.on('error', () => {})
  clients.push(client)
  return client
}

interface Http2Answer {
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

function ask(
  client: ClientHttp2Session,
  headers: Record<string, string>,
  options: { body?: string | Buffer; until?: string } = {},
): Promise<Http2Answer> {
  return new Promise((resolve, reject) => {
    const stream = client.request(headers, { endStream: options.body === undefined })
    let answer: IncomingHttpHeaders = {}
    let text = ''
    const done = (): void => {
      stream.close()
      resolve({ headers: answer, text })
    }
    stream.on('response', (received) => (answer = received))
    stream.on('data', (chunk) => {
      text += chunk
      if (options.until !== undefined && text.includes(options.until)) done()
    })
    stream.on('end', done).on('error', reject)
    if (options.body !== undefined) stream.end(options.body)
  })
}

describe('over TLS', () => {
  it('HTTP/2 publishes, streams and reads many streams on one connection', async () => {
    const server = await start(TLS)
    expect(server.url).toMatch(/^https:/)
    const client = open(server)
    const reading = [1, 2, 3].map(() =>
      ask(client, { ':path': '/v1/events?topic=a' }, { until: 'data: hello' }),
    )
    await expect.poll(() => server.hub.stats().sessions).toBe(3)
    const stored = await ask(
      client,
      { ':path': '/v1/events', ':method': 'POST', 'content-type': 'application/json' },
      { body: '{"topic":"a","data":"hello"}' },
    )
    expect(stored.headers[':status']).toBe(201)
    for (const { headers, text } of await Promise.all(reading)) {
      expect(headers).toMatchObject({
        ':status': 200,
        'content-type': 'text/event-stream',
        'heartline-mode': 'development',
      })
      expect(headers).not.toHaveProperty('connection')
      expect(text).toContain('data: hello')
    }
    await expect.poll(() => server.hub.stats().sessions).toBe(0)
    expect(server.hub.stats().ended).toEqual({ disconnected: 3 })
  })

  it('HTTP/2 refuses what is bad, and goes on', async () => {
    const server = await start({ ...TLS, limits: { maxBodyBytes: 10_000 } })
    const client = open(server)
    const post = { ':path': '/v1/events', ':method': 'POST', 'content-type': 'application/json' }
    const large = await ask(client, post, { body: Buffer.alloc(500_000, 'x') }).catch(
      () => undefined,
    )
    if (large !== undefined) expect(large.headers[':status']).toBe(413)
    const broken = await ask(client, post, { body: '{' })
    expect([broken.headers[':status'], JSON.parse(broken.text).code]).toEqual([
      400,
      'HL_JSON_INVALID',
    ])
    const host = await ask(client, { ':path': '/livez', ':authority': 'evil.example' })
    expect(host.headers[':status']).toBe(403)
    const missing = await ask(client, { ':path': '/nothing' })
    expect(missing.headers[':status']).toBe(404)
    const lines = await ask(
      client,
      { ...post, 'content-type': 'application/x-ndjson' },
      { body: '{"topic":"a","data":1}\nx\n' },
    )
    expect([lines.headers[':status'], JSON.parse(lines.text).error.line]).toEqual([400, 2])
  })

  it('HTTP/1.1 is answered too', async () => {
    const server = await start(TLS)
    const status = await new Promise((resolve) => {
      request1(`${server.url}/livez`, { ca }, (response) => {
        response.resume().on('end', () => resolve(`${response.httpVersion} ${response.statusCode}`))
      }).end()
    })
    expect(status).toBe('1.1 200')
  })

  it('stops with open HTTP/2 streams', async () => {
    const server = await start({ ...TLS, drain: { deadlineMs: 1000 } })
    const reading = ask(open(server), { ':path': '/v1/events?topic=a' })
    await expect.poll(() => server.hub.stats().sessions).toBe(1)
    const startedAt = Date.now()
    await server.stop()
    expect(Date.now() - startedAt).toBeLessThan(5000)
    expect((await reading).text).toContain('event: heartline.drain')
  })

  it('a certificate that cannot be read stops the start', async () => {
    await expect(start({ tls: { certFile: '/nonexistent', keyFile } })).rejects.toMatchObject({
      code: 'HL_CONFIG_INVALID',
    })
  })
})
