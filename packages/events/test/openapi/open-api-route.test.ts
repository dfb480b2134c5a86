import { request as requestOf, type IncomingHttpHeaders } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { openApiRoute, toOpenApi, type OpenApiRouteOptions } from '../../src/openapi/index.ts'
import { libraries, serve } from '../kit.ts'

const document = toOpenApi({
  info: { title: 'Ticks – ✓', version: '1' },
  paths: { '/ticks': { events: libraries.zod } },
})

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

type Ask = (method: string, headers?: Record<string, string>) => Promise<Answer>
type Face = (options?: OpenApiRouteOptions) => Promise<Ask>

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function flat(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

function askNode(url: string, method: string, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = requestOf(url, { method, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: flat(response.headers), body })
      })
    })
    request.on('error', reject).end()
  })
}

const faces: Record<string, Face> = {
  Fetch: async (options) => {
    const route = openApiRoute(document, options)
    return async (method, headers = {}) => {
      const request = new Request('http://localhost/openapi.json', { method, headers })
      const response = route.fetch(request)
      const body = await response.text()
      return { status: response.status, headers: Object.fromEntries(response.headers), body }
    }
  },
  'node:http': async (options) => {
    const { url, close } = await serve(openApiRoute(document, options).node)
    closers.push(close)
    return (method, headers = {}) => askNode(url, method, headers)
  },
}

describe.each(Object.entries(faces))('the description on %s', (_, face) => {
  it('is served as JSON that any page may read', async () => {
    const ask = await face()
    const { status, headers, body } = await ask('GET')
    expect(status).toBe(200)
    expect(JSON.parse(body)).toEqual(document)
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    })
    expect(headers['etag']).toMatch(/^"[\w-]+"$/)
  })

  it('is not sent to who has it', async () => {
    const ask = await face()
    const { headers } = await ask('GET')
    const tag = headers['etag'] ?? ''
    for (const condition of [tag, `W/${tag}`, `"x", ${tag}`, '*']) {
      const again = await ask('GET', { 'if-none-match': condition })
      expect([again.status, again.body, again.headers['etag']]).toEqual([304, '', tag])
    }
    const other = await ask('GET', { 'if-none-match': '"another"' })
    expect([other.status, other.body.length > 100]).toEqual([200, true])
  })

  it('has a head alone for HEAD', async () => {
    const ask = await face()
    const { status, headers, body } = await ask('HEAD')
    expect([status, body, headers['content-type']]).toEqual([200, '', 'application/json'])
  })

  it('answers a preflight', async () => {
    const ask = await face()
    const { status, headers, body } = await ask('OPTIONS')
    expect([status, body]).toEqual([204, ''])
    expect(headers['access-control-allow-methods']).toBe('GET, HEAD, OPTIONS')
  })

  it('refuses other methods with a problem document', async () => {
    const ask = await face()
    const { status, headers, body } = await ask('POST')
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD, OPTIONS'])
    expect(headers['content-type']).toBe('application/problem+json')
    expect(JSON.parse(body)).toMatchObject({ status: 405, code: 'HL_METHOD_NOT_ALLOWED' })
  })

  it('is for one origin, or leaves that to others', async () => {
    const ask = await face({ allowOrigin: 'https://app.example' })
    const { headers } = await ask('GET')
    expect(headers['access-control-allow-origin']).toBe('https://app.example')
    expect(headers['vary']).toBe('Origin')
    const silent = await (await face({ allowOrigin: false }))('GET')
    expect(silent.headers).not.toHaveProperty('access-control-allow-origin')
  })
})

it('has another tag when it is another', async () => {
  const tagOf = (title: string): string | null => {
    const other = toOpenApi({ info: { title, version: '1' }, paths: {} })
    return openApiRoute(other).fetch(new Request('http://localhost')).headers.get('etag')
  }
  expect(tagOf('ab')).not.toBe(tagOf('ba'))
  expect(tagOf('ab')).toBe(tagOf('ab'))
})

it('leaves alone what a CORS layer has set on a Node response', async () => {
  const route = openApiRoute(document)
  const { url, close } = await serve((request, response) => {
    response.setHeader('Access-Control-Allow-Origin', 'https://app.example')
    route.node(request, response)
  })
  closers.push(close)
  const { headers } = await askNode(url, 'GET', {})
  expect(headers['access-control-allow-origin']).toBe('https://app.example')
})
