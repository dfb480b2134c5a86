import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { HeartlineServer } from '../../src/server.ts'
import { call, post, raw, start, type Answer } from '../kit.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

function send(
  server: HeartlineServer,
  body: string | Buffer | Uint8Array,
  headers: Record<string, string> = JSON_TYPE,
): Promise<Answer> {
  return call(server, '/v1/events', { method: 'POST', headers, body: body as BodyInit })
}

describe('a publish is refused with its code when', () => {
  it.each([
    ['the JSON is broken', '{"topic":"a",}', 400, 'HL_JSON_INVALID', { position: 13 }],
    ['the JSON ends early', '{"topic":"a"', 400, 'HL_JSON_INVALID', { position: 12 }],
    ['the body is empty', '', 400, 'HL_JSON_INVALID', { position: 0 }],
    [
      'the JSON is too deep',
      `{"topic":"a","data":${'['.repeat(100)}${']'.repeat(100)}}`,
      400,
      'HL_JSON_TOO_DEEP',
      {},
    ],
    [
      'a field is unknown',
      '{"topic":"a","data":1,"colour":"red"}',
      400,
      'HL_EVENT_FIELD_UNKNOWN',
      { field: 'colour' },
    ],
    [
      'the prototype is meant',
      '{"topic":"a","data":1,"__proto__":{"x":1}}',
      400,
      'HL_EVENT_FIELD_UNKNOWN',
      { field: '__proto__' },
    ],
    ['data is missing', '{"topic":"a"}', 400, 'HL_EVENT_INVALID', { field: 'data' }],
    ['the topic is missing', '{"data":1}', 400, 'HL_TOPIC_INVALID', {}],
    ['the topic is no text', '{"topic":{"a":1},"data":1}', 400, 'HL_TOPIC_INVALID', {}],
    ['the topic is a pattern', '{"topic":"a/*","data":1}', 400, 'HL_TOPIC_INVALID', {}],
    [
      'the topic is too long',
      `{"topic":"${'a'.repeat(300)}","data":1}`,
      400,
      'HL_TOPIC_INVALID',
      {},
    ],
    [
      'the type has a line break',
      '{"topic":"a","data":1,"type":"x\\ndata: y"}',
      400,
      'HL_EVENT_INVALID',
      { field: 'type' },
    ],
    [
      'the type is reserved',
      '{"topic":"a","data":1,"type":"heartline.gap"}',
      400,
      'HL_EVENT_TYPE_RESERVED',
      {},
    ],
    [
      'retry is no number',
      '{"topic":"a","data":1,"retry":"1"}',
      400,
      'HL_EVENT_INVALID',
      { field: 'retry' },
    ],
    [
      'private is no boolean',
      '{"topic":"a","data":1,"private":1}',
      400,
      'HL_EVENT_INVALID',
      { field: 'private' },
    ],
    [
      'the publish id has a space',
      '{"topic":"a","data":1,"publishId":"a b"}',
      400,
      'HL_EVENT_INVALID',
      { field: 'publishId' },
    ],
    ['it is a number', '7', 400, 'HL_EVENT_INVALID', {}],
    ['it is null', 'null', 400, 'HL_EVENT_INVALID', {}],
  ])('%s', async (...row) => {
    const [, body, status, code, details] = row
    const server = await start()
    const answer = await send(server, body)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.json).toMatchObject({
      type: `urn:heartline:error:${code}`,
      code,
      status,
      ...details,
    })
    expect(answer.json).not.toHaveProperty('index')
    expect(answer.status).toBe(status)
    expect(server.hub.stats().published).toBe(0)
    expect(({} as any).x).toBeUndefined()
  })

  it('the text is not valid UTF-8', async () => {
    const server = await start()
    const body = Buffer.concat([
      Buffer.from('{"topic":"a","data":"'),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('"}'),
    ])
    expect((await send(server, body)).json.code).toBe('HL_UTF8_INVALID')
  })

  it.each([
    ['text/plain', {}],
    ['', {}],
    ['multipart/form-data; boundary=x', {}],
    ['application/json; charset=latin1', {}],
  ])('the content type is %j', async (type, more) => {
    const server = await start()
    const answer = await send(
      server,
      Buffer.from('{"topic":"a","data":1}'),
      type === '' ? {} : { 'content-type': type, ...more },
    )
    expect([answer.status, answer.json.code]).toEqual([415, 'HL_CONTENT_TYPE'])
  })

  it('the body is encoded', async () => {
    const server = await start()
    const answer = await send(server, 'x', { ...JSON_TYPE, 'content-encoding': 'gzip' })
    expect([answer.status, answer.json.code]).toEqual([415, 'HL_CONTENT_ENCODING'])
    const identity = await send(server, '{"topic":"a","data":1}', {
      ...JSON_TYPE,
      'content-encoding': 'identity',
    })
    expect(identity.status).toBe(201)
  })

  it('the idempotency key cannot be what it names', async () => {
    const server = await start()
    const list = await post(server, [{ topic: 'a', data: 1 }], { 'idempotency-key': 'x' })
    const other = await post(
      server,
      { topic: 'a', data: 1, publishId: 'y' },
      { 'idempotency-key': 'x' },
    )
    const form = await post(server, { topic: 'a', data: 1 }, { 'idempotency-key': 'x'.repeat(200) })
    expect([list, other, form].map((it) => it.json.code)).toEqual([
      'HL_IDEMPOTENCY_KEY',
      'HL_IDEMPOTENCY_KEY',
      'HL_EVENT_INVALID',
    ])
  })

  it('the event is larger than allowed', async () => {
    const server = await start({ limits: { maxEventBytes: 100 } })
    const answer = await post(server, { topic: 'a', data: 'x'.repeat(101) })
    expect([answer.status, answer.json.code]).toEqual([413, 'HL_PUBLISH_TOO_LARGE'])
  })
})

describe('a body that is too large', () => {
  const limits = { maxBodyBytes: 10_000 }

  it('is refused by its announced length, with an answer and the end of the connection', async () => {
    const server = await start({ limits })
    const answer = await send(server, `{"topic":"a","data":"${'x'.repeat(2_000_000)}"}`)
    expect([answer.status, answer.json.code, answer.json.maxBytes]).toEqual([
      413,
      'HL_BODY_TOO_LARGE',
      10_000,
    ])
    expect(answer.headers.get('connection')).toBe('close')
  })

  it('is refused while it streams, after no more than the limit', async () => {
    const server = await start({ limits })
    const { text } = await raw(
      server,
      `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${'1000\r\n' + 'x'.repeat(4096) + '\r\n'}`.replace(
        /(1000\r\nx+\r\n)/,
        (chunk) => chunk.repeat(4),
      ),
    )
    expect(text).toContain('HTTP/1.1 413 Payload Too Large')
    expect(text).toContain('HL_BODY_TOO_LARGE')
  })

  it('is not sent by a client that asks first', async () => {
    const server = await start({ limits })
    const { text } = await raw(
      server,
      'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n',
    )
    expect(text).toMatch(/^HTTP\/1\.1 413/)
  })

  it('of the right size is invited', async () => {
    const server = await start({ limits })
    const answer = await new Promise<string>((resolve) => {
      const client = request(`${server.url}/v1/events`, {
        method: 'POST',
        headers: { ...JSON_TYPE, expect: '100-continue', 'content-length': 22 },
      })
      client.on('continue', () => client.end('{"topic":"a","data":1}'))
      client.on('response', (response) => resolve(`${response.statusCode}`))
      client.flushHeaders()
    })
    expect(answer).toBe('201')
  })
})

describe('a body that does not come', () => {
  it('is given up after the time-out', async () => {
    const server = await start({ limits: { bodyTimeoutMs: 200 } })
    const head =
      'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'
    const { text } = await raw(server, head)
    expect(text).toMatch(/^HTTP\/1\.1 408/)
    expect(text).toContain('HL_BODY_TIMEOUT')
  })

  it('leaves nothing behind when its client leaves', async () => {
    const server = await start()
    const { hostname, port } = new URL(server.url)
    await new Promise<void>((resolve) => {
      const client = request({
        hostname,
        port,
        path: '/v1/events',
        method: 'POST',
        headers: { ...JSON_TYPE, 'content-length': 100 },
      })
      client.on('error', () => resolve())
      client.write('{', () => client.destroy())
    })
    expect((await post(server, { topic: 'a', data: 1 })).status).toBe(201)
  })
})

describe('what is no proper request', () => {
  it('is answered with a problem document', async () => {
    const server = await start()
    const { text } = await raw(server, 'NONSENSE\r\n\r\n')
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(text).toContain('HL_REQUEST_MALFORMED')
  })

  it('is refused for 100 KB of headers with 431', async () => {
    const server = await start()
    const { text } = await raw(
      server,
      `GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 431 /)
    expect(text).toContain('HL_HEADERS_TOO_LARGE')
  })

  it('is refused for a request line of 100 KB with 414', async () => {
    const server = await start()
    const { text } = await raw(
      server,
      `GET /v1/events?topic=${'x'.repeat(100_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    )
    expect(text).toMatch(/^HTTP\/1\.1 414 /)
    expect(text).toContain('HL_URL_TOO_LONG')
  })

  it('is refused for two lengths, and for a length beside chunks', async () => {
    const server = await start()
    const head =
      'POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 5\r\n'
    for (const second of ['Content-Length: 6', 'Transfer-Encoding: chunked']) {
      const { text } = await raw(server, `${head}${second}\r\n\r\n0\r\n\r\n`)
      expect(text).toMatch(/^HTTP\/1\.1 400 /)
    }
  })
})

describe('paths and methods', () => {
  it('that are unknown are answered with 404', async () => {
    const server = await start()
    for (const path of [
      '/v2',
      '/v1/events/',
      '/v1/sessions/a/b',
      '/v1/sessions/%2e%2e',
      '/..%2f..%2fetc/passwd',
      '//v1/events',
      '/assets/../package.json',
    ]) {
      const { text } = await raw(
        server,
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      )
      expect(text, path).toMatch(/^HTTP\/1\.1 404 /)
      expect(text).toContain('HL_NOT_FOUND')
    }
  })

  it('that are not taken are answered with 405 and what is', async () => {
    const server = await start()
    const cases: [string, string, string][] = [
      ['PUT', '/v1/events', 'GET, HEAD, POST, OPTIONS'],
      ['DELETE', '/v1/history', 'GET, HEAD, OPTIONS'],
      ['GET', '/v1/tickets', 'POST, OPTIONS'],
      ['POST', '/v1/sessions/abc', 'GET, HEAD, DELETE, OPTIONS'],
      ['PATCH', '/', 'GET, HEAD, OPTIONS'],
    ]
    for (const [method, path, allow] of cases) {
      const answer = await call(server, path, { method })
      expect([answer.status, answer.headers.get('allow'), answer.json.code]).toEqual([
        405,
        allow,
        'HL_METHOD_NOT_ALLOWED',
      ])
    }
  })

  it('may be written in absolute form', async () => {
    const server = await start()
    const { text } = await raw(
      server,
      'GET http://localhost/livez?x=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    )
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
  })
})
