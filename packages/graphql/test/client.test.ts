import { describe, expect, it, onTestFinished } from 'vitest'
import { RawServer } from '../../client/test/kit/raw-server.ts'
import { until } from '../../client/test/kit/until.ts'
import { subscribe } from '../src/client.ts'
import { startApi, targets } from './kit/ask.ts'

const HEAD = { 'content-type': 'text/event-stream' }

async function collect(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = []
  for await (const result of results) all.push(result)
  return all
}

async function serve(handler: ConstructorParameters<typeof RawServer>[0]): Promise<RawServer> {
  const server = await new RawServer(handler).listen()
  onTestFinished(() => server.close())
  return server
}

describe.each(targets)('subscribe ($name)', (target) => {
  it('reads the results of an operation to the end', async () => {
    const { url, fetch } = await startApi(target)
    const query = 'subscription ($to: Int!) { count(to: $to) }'
    const results = await collect(subscribe({ url, fetch, query, variables: { to: 3 } }))
    expect(results).toEqual([1, 2, 3].map((count) => ({ data: { count } })))
  })

  it('stops the source when the loop is left, and when nobody waits for more', async () => {
    const api = await startApi(target)
    const { url, fetch } = api
    for await (const result of subscribe({
      url,
      fetch,
      query: 'subscription { count(to: 9999, everyMs: 1) }',
    })) {
      expect(result).toEqual({ data: { count: 1 } })
      break
    }
    await until(() => api.sources.stopped === 1)
    const silent = subscribe({ url, fetch, query: 'subscription { silence }' })
    const pending = silent.next()
    await until(() => api.sources.opened === 2)
    await silent.return?.()
    expect(await pending).toEqual({ value: undefined, done: true })
    await until(() => api.sources.stopped === 2)
  })

  it('throws what the server refuses for good', async () => {
    const { url, fetch } = await startApi(target)
    const results = subscribe({ url, fetch, query: '' })
    await expect(collect(results)).rejects.toMatchObject({ code: 'HL_CLIENT_REFUSED' })
  })
})

describe.each(targets)('subscribe, for a result larger than its bound ($name)', (target) => {
  const query = '{ large(bytes: 20971520) }'

  it('asks once, and throws', async () => {
    const { url, fetch } = await startApi(target)
    let requests = 0
    const counting: typeof globalThis.fetch = (...request) => {
      requests++
      return fetch(...request)
    }
    const results = subscribe({ url, fetch: counting, query })
    await expect(collect(results)).rejects.toMatchObject({ code: 'HL_EVENT_TOO_LARGE' })
    expect(requests).toBe(1)
  })

  it('reads it where the bound is higher', async () => {
    const { url, fetch } = await startApi(target)
    const results = subscribe<{ large: string }>({ url, fetch, query, maxEventLength: 2 ** 25 })
    const [result] = (await collect(results)) as { data: { large: string } }[]
    expect(result!.data.large).toHaveLength(20_971_520)
  })
})

describe('subscribe', () => {
  it.each([
    'event: complete\n\n',
    'event: complete\r\n\r\n',
    'event:complete\n\n',
    'event: complete\ndata:\n\n',
  ])('takes %j for the end, as gqlgen writes it, however it is cut', async (end) => {
    const text = `:\n\n: ping\n\nevent: next\ndata: {"data":{"n":1}}\n\nevent: next\ndata: {"data":{"n":"event: complete"}}\n\n${end}`
    for (const size of [1, 3, 7, 1_000]) {
      const server = await serve(async (_request, response) => {
        response.writeHead(200, HEAD)
        for (let at = 0; at < text.length; at += size) {
          response.write(text.slice(at, at + size))
          if (size < 10) await new Promise((resolve) => setImmediate(resolve))
        }
        // It stays open: the event is the end, not that of the connection.
      })
      const results = await collect(subscribe({ url: server.url, query: 'subscription { n }' }))
      expect(results).toEqual([{ data: { n: 1 } }, { data: { n: 'event: complete' } }])
      expect(server.requests).toHaveLength(1)
    }
  })

  it('asks again after a stream without complete, with the place', async () => {
    const server = await serve((request, response) => {
      response.writeHead(200, HEAD)
      const isFirst = request.headers['last-event-id'] === undefined
      if (isFirst) return response.end('event: next\nid: 7\ndata: {"data":1}\n\n')
      expect(request.headers['last-event-id']).toBe('7')
      return response.end('event: next\ndata: {"data":2}\n\nevent: complete\n\n')
    })
    const results = await collect(subscribe({ url: server.url, query: 'subscription { n }' }))
    expect(results).toEqual([{ data: 1 }, { data: 2 }])
    expect(JSON.parse(server.bodies[1]!)).toEqual({ query: 'subscription { n }' })
    expect(server.requests[1]!.headers['content-type']).toBe('application/json')
    expect(server.requests[1]!.headers.accept).toBe('text/event-stream')
  })

  it('does not send a mutation twice', async () => {
    const server = await serve((_request, response) => {
      response.writeHead(200, HEAD)
      response.end('event: next\ndata: {"data":1}\n\n')
    })
    const results = collect(subscribe({ url: server.url, query: 'mutation { note }' }))
    await expect(results).rejects.toMatchObject({
      code: expect.stringMatching(/^HL_CLIENT_(NOT_REPEATED|STREAM_ENDED)$/),
    })
    expect(server.requests).toHaveLength(1)
  })
})
