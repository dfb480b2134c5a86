import { describe, expect, it } from 'vitest'
import { HeartlineError } from '@heartline/wire'
import { until } from '../../client/test/kit/until.ts'
import { startApi, targets } from './kit/ask.ts'
import { directHandler } from './kit/direct.ts'

const QUERY = JSON.stringify({ query: '{ hello }' })
const JSON_TYPE = { 'content-type': 'application/json' }

describe.each(targets)('Bad input ($name)', (target) => {
  it.each([
    ['no content type', { body: QUERY, headers: { 'content-type': '' } }, 415],
    [
      'a form',
      { body: 'query={hello}', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
    ],
    [
      'text, which needs no preflight',
      { body: QUERY, headers: { 'content-type': 'text/plain' } },
      415,
    ],
    [
      'another charset',
      { body: QUERY, headers: { 'content-type': 'application/json; charset=utf-16' } },
      415,
    ],
    ['no JSON', { body: '{', headers: JSON_TYPE }, 400],
    ['nothing', { body: '', headers: JSON_TYPE }, 400],
    ['null', { body: 'null', headers: JSON_TYPE }, 400],
    ['a list', { body: '[]', headers: JSON_TYPE }, 400],
    ['no query', { body: '{}', headers: JSON_TYPE }, 400],
    ['a query that is no text', { body: '{"query":7}', headers: JSON_TYPE }, 400],
    [
      'variables that are no object',
      { body: '{"query":"{ hello }","variables":[]}', headers: JSON_TYPE },
      400,
    ],
    [
      'extensions that are no object',
      { body: '{"query":"{ hello }","extensions":"x"}', headers: JSON_TYPE },
      400,
    ],
    ['too much', { body: `{"query":"${'#'.repeat(2_000_000)}"}`, headers: JSON_TYPE }, 413],
  ] as const)(
    '%s is refused before a stream is opened',
    async (_what, { body, headers }, status) => {
      const api = await startApi(target)
      for (const accept of ['text/event-stream', 'application/json']) {
        const init = { method: 'POST', body, headers: { ...headers, accept } }
        const response = await api.fetch(api.url, init)
        expect(response.status).toBe(status)
        const answer = (await response.json()) as { errors: { extensions: { code: string } }[] }
        expect(answer.errors[0]!.extensions.code).toMatch(/^HL_GRAPHQL_/)
      }
      expect(api.handler.stats.streams).toBe(0)
    },
  )

  it('a mark of the byte order before the JSON is skipped', async () => {
    const api = await startApi(target)
    const body = `\uFEFF${QUERY}`
    const response = await api.fetch(api.url, { method: 'POST', body, headers: JSON_TYPE })
    expect(await response.json()).toEqual({ data: { hello: 'Hello world' } })
  })

  it('nothing acceptable is 406 on a single connection, too, and takes nothing', async () => {
    const api = await startApi(target)
    const token = await api.reserve()
    const headers = { ...JSON_TYPE, accept: 'gibberish', 'x-graphql-event-stream-token': token }
    const body = JSON.stringify({ query: '{ hello }', extensions: { operationId: 'a' } })
    for (const init of [{ headers }, { method: 'POST', headers, body }]) {
      expect((await api.fetch(api.url, init)).status).toBe(406)
    }
    expect(api.handler.stats.waiting).toBe(0)
  })

  it('methods and media types that nobody serves get 405 and 406', async () => {
    const api = await startApi(target)
    const patched = await api.fetch(api.url, { method: 'PATCH', body: QUERY, headers: JSON_TYPE })
    expect(patched.status).toBe(405)
    expect(patched.headers.get('allow')).toBe('GET, POST, PUT, DELETE')
    const image = await api.post({ query: '{ hello }' }, { accept: 'image/png' })
    expect(image.status).toBe(406)
  })

  it('variables named like members of objects are variables', async () => {
    const api = await startApi(target)
    const query =
      'query ($__proto__: String, $toString: String) { a: hello(name: $__proto__) b: hello(name: $toString) }'
    const body = `{"query":${JSON.stringify(query)},"variables":{"__proto__":"p","toString":"s"}}`
    const response = await api.fetch(api.url, { method: 'POST', body, headers: JSON_TYPE })
    expect(await response.json()).toEqual({ data: { a: 'Hello p', b: 'Hello s' } })
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('a document of too many tokens is a syntax error', async () => {
    const api = await startApi(target, { maxTokens: 50 })
    const reader = await api.stream(`{ ${'hello '.repeat(100)} }`)
    await reader.end()
    expect(reader.results[0].errors[0].message).toMatch(/token/)
  })

  it('what hooks refuse is a status, and what they did not mean to say stays with them', async () => {
    const entry = {
      code: 'HL_NO',
      message: 'Not you.',
      fault: 'peer',
      retryable: false,
      status: 401,
    } as const
    const reported: unknown[] = []
    const onError = (error: unknown): void => void reported.push(error)
    const refuse = (): never => {
      throw new HeartlineError(entry)
    }
    const fail = (): never => {
      throw new Error('a secret')
    }
    for (const hook of ['authenticate', 'onSubscribe', 'context', 'onOperation'] as const) {
      const headers = { accept: 'text/event-stream' }
      const refusing = await startApi(target, { [hook]: refuse, onError })
      const refused = await refusing.post({ query: '{ hello }' }, headers)
      expect(refused.status, hook).toBe(401)
      expect(await refused.json()).toEqual({
        errors: [{ message: 'Not you.', extensions: { code: 'HL_NO' } }],
      })
      const failing = await startApi(target, { [hook]: fail, onError })
      const failed = await failing.post({ query: '{ hello }' }, headers)
      expect(failed.status, hook).toBe(500)
      expect(await failed.text()).not.toContain('secret')
    }
    expect(reported).toHaveLength(4)
  })
})

describe.each(targets.slice(0, 1))('Attacks ($name)', (target) => {
  it('100,000 operations for streams that nobody opens leave nothing behind', async () => {
    const bounds = { reservationMs: 2_000, maxWaitingBytes: 200_000 }
    const { handler } = directHandler(target.graphql, bounds)
    const statuses = new Map<number, number>()
    let token = ''
    for (let i = 0; i < 100_000; i++) {
      if (i % 1_000 === 0) {
        token = await (await handler(new Request('http://h/', { method: 'PUT' }))).text()
      }
      const response = await handler(
        new Request('http://h/', {
          method: 'POST',
          headers: { ...JSON_TYPE, 'x-graphql-event-stream-token': token },
          body: JSON.stringify({ query: '{ hello }', extensions: { operationId: String(i) } }),
        }),
      )
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      expect(handler.stats.waitingBytes).toBeLessThanOrEqual(200_000)
    }
    expect([...statuses.keys()].every((status) => [202, 404, 429, 503].includes(status))).toBe(true)
    expect(statuses.get(429)).toBeGreaterThan(10_000)
    await until(() => handler.stats.waiting === 0)
    expect(handler.stats).toEqual({
      streams: 0,
      operations: 0,
      waiting: 0,
      waitingBytes: 0,
      questions: 0,
      cachedDocuments: 1,
    })
  }, 120_000)

  it('reservations cost nothing: they are their tokens', async () => {
    const { handler } = directHandler(target.graphql)
    const before = handler.stats
    for (let i = 0; i < 2_000; i++) await handler(new Request('http://h/', { method: 'PUT' }))
    expect(handler.stats).toEqual(before)
  })

  it('ever new documents push old ones out of the cache', async () => {
    const { handler } = directHandler(target.graphql, {}, { maxCachedDocuments: 10 })
    for (let i = 0; i < 100; i++) {
      const body = JSON.stringify({ query: `query Q${i} { hello }` })
      const response = await handler(
        new Request('http://h/', { method: 'POST', body, headers: JSON_TYPE }),
      )
      expect(await response.json()).toEqual({ data: { hello: 'Hello world' } })
    }
    expect(handler.stats.cachedDocuments).toBe(10)
  })

  it('documents that are long and each another cost a bounded number of trees', async () => {
    const { handler } = directHandler(target.graphql)
    const long = Array.from({ length: 100 }, (_, i) => `a${i}: hello # ${'x'.repeat(100)}\n`)
    for (let i = 0; i < 200; i++) {
      const body = JSON.stringify({ query: `{ ${long.join(' ')} b${i}: hello }` })
      await handler(new Request('http://x/', { method: 'POST', headers: JSON_TYPE, body }))
    }
    const { length } = `{ ${long.join(' ')} b100: hello }`
    expect(length).toBeGreaterThan(10_000)
    expect(handler.stats.cachedDocuments).toBeGreaterThan(50)
    expect(handler.stats.cachedDocuments * (length - 5)).toBeLessThan(1_048_576)
  })
})
