import { describe, expect, it } from 'vitest'
import { settle, until } from '../../client/test/kit/until.ts'
import { startApi, targets } from './kit/ask.ts'
import { StreamReader } from './kit/stream-reader.ts'

describe.each(targets)('Distinct connections ($name)', (target) => {
  it('carry one operation each: results, complete with a data line, the end', async () => {
    const api = await startApi(target)
    const reader = await api.stream('subscription { count(to: 3) }')
    await reader.end()
    expect(reader.response.status).toBe(200)
    expect(reader.response.headers.get('content-type')).toBe('text/event-stream')
    expect(reader.results).toEqual([1, 2, 3].map((count) => ({ data: { count } })))
    expect(reader.events.map(({ type }) => type)).toEqual(['next', 'next', 'next', 'complete'])
    expect(reader.text).toMatch(
      /event: next\ndata: \{"data":\{"count":3\}\}\n\nevent: complete\ndata: \n\n$/,
    )
    await until(() => api.handler.stats.streams === 0)
  })

  it('send their first bytes before anything is executed', async () => {
    const api = await startApi(target)
    const reader = await api.stream('subscription { silence }')
    await until(() => reader.comments.length > 0)
    expect(reader.events).toEqual([])
    expect(reader.text.startsWith(':')).toBe(true)
    reader.leave()
  })

  it('carry queries and mutations, too', async () => {
    const api = await startApi(target)
    const query = await api.stream('query ($n: String) { hello(name: $n) }', {
      variables: { n: 'you' },
    })
    const mutation = await api.stream('mutation { note(text: "kept") }')
    await Promise.all([query.end(), mutation.end()])
    expect(query.results).toEqual([{ data: { hello: 'Hello you' } }])
    expect(mutation.results).toEqual([{ data: { note: 'kept' } }])
    expect(query.isComplete && mutation.isComplete).toBe(true)
    expect(api.notes).toEqual(['kept'])
  })

  it('are opened with GET as well', async () => {
    const api = await startApi(target)
    const query = encodeURIComponent('subscription Count($to: Int!) { count(to: $to) }')
    const url = `${api.url}?query=${query}&operationName=Count&variables=%7B%22to%22%3A2%7D`
    const reader = new StreamReader(
      await api.fetch(url, { headers: { accept: 'text/event-stream' } }),
    )
    await reader.end()
    expect(reader.results).toHaveLength(2)
  })

  it.each([
    'text/event-stream, application/json',
    'text/event-stream;q=1',
    'application/json;q=0.5, text/event-stream',
    'TEXT/EVENT-STREAM; charset=utf-8',
  ])('are opened for "Accept: %s"', async (accept) => {
    const api = await startApi(target)
    const reader = await api.stream('{ hello }', { headers: { accept } })
    await reader.end()
    expect(reader.results).toEqual([{ data: { hello: 'Hello world' } }])
  })

  it.each([
    ['a syntax error', 'subscription { count(', /Syntax Error/],
    ['a validation error', 'subscription { nothing }', /Cannot query field "nothing"/],
    ['a missing variable', 'query ($of: Int!) { square(of: $of) }', /Variable "\$of"/],
    ['an execution error', '{ broken }', /a field broke/],
    ['a source that cannot be made', 'subscription { refused }', /no source/],
  ])('tell of %s as a result on an accepted stream', async (_what, query, message) => {
    const api = await startApi(target)
    const reader = await api.stream(query)
    await reader.end()
    expect(reader.response.status).toBe(200)
    expect(reader.results).toHaveLength(1)
    expect(reader.results[0].errors[0].message).toMatch(message)
    expect(reader.isComplete).toBe(true)
    expect(api.handler.stats.streams).toBe(0)
  })

  it('tell of an unknown operation name, whatever it is', async () => {
    const api = await startApi(target)
    for (const operationName of ['Nope', '__proto__', 'toString', 'constructor']) {
      const reader = await api.stream('query A { hello }', { operationName })
      await reader.end()
      expect(reader.results[0].errors[0].message).toBe(
        `Unknown operation named "${operationName}".`,
      )
    }
  })

  it('keep the secrets of a source that breaks', async () => {
    const reported: unknown[] = []
    const api = await startApi(target, { onError: (error) => void reported.push(error) })
    const reader = await api.stream('subscription { breaks }')
    await reader.end()
    expect(reader.results[0]).toEqual({ data: { breaks: 1 } })
    expect(reader.results[1].errors).toHaveLength(1)
    expect(reader.text).not.toContain('secret')
    expect(reader.isComplete).toBe(true)
    expect(String(reported[0])).toContain('a secret of the source')
  })

  it('stop the source at once when the reader goes, even while it thinks', async () => {
    const ends: string[] = []
    const api = await startApi(target, { onOperation: () => (end) => void ends.push(end) })
    const readers = await Promise.all([
      api.stream('subscription { silence }'),
      api.stream('subscription { count(to: 1000000, everyMs: 5) }'),
    ])
    await until(() => api.sources.opened === 2 && readers[1]!.events.length > 0)
    for (const reader of readers) reader.leave()
    await until(() => api.sources.stopped === 2)
    await until(() => api.handler.stats.streams === 0)
    expect(ends).toEqual(['stopped', 'stopped'])
  })

  it('ask the source for no more than the reader takes', async () => {
    const api = await startApi(target)
    const response = await api.post(
      { query: 'subscription { flood(bytes: 65536) }' },
      { accept: 'text/event-stream' },
    )
    await until(() => api.sources.pulled > 0)
    let before = -1
    while (before !== api.sources.pulled) {
      before = api.sources.pulled
      await settle(300)
    }
    // Kernel and client buffers, not the server's memory: some megabytes, whatever is offered.
    expect(api.sources.pulled).toBeLessThan(400)
    const reader = new StreamReader(response)
    await until(() => api.sources.pulled > before + 20)
    reader.leave()
    await until(() => api.sources.stopped === 1)
  })
})

describe.each(targets.slice(0, 1))('Pings ($name)', (target) => {
  it('are comments named ping, and every frame starts their time anew', async () => {
    const api = await startApi(target, { keepAlivePingInterval: 1_000 })
    const silent = await api.stream('subscription { silence }')
    const busy = await api.stream('subscription { count(to: 1000, everyMs: 300) }')
    await until(() => silent.comments.filter((text) => text === 'ping').length >= 2)
    expect(silent.text).toContain(': ping\n\n')
    expect(busy.comments).not.toContain('ping')
    expect(busy.events.length).toBeGreaterThan(4)
    silent.leave()
    busy.leave()
  })

  it('are on by default, and off with 0 or less', async () => {
    const api = await startApi(target)
    const reader = await api.stream('subscription { silence }')
    expect(reader.response.headers.get('heartline-heartbeat')).toBe('12000')
    reader.leave()
    for (const keepAlivePingInterval of [0, -5]) {
      const quiet = await startApi(target, { keepAlivePingInterval })
      const other = await quiet.stream('subscription { silence }')
      expect(other.response.headers.get('heartline-heartbeat')).toBe('0')
      other.leave()
    }
  })
})

describe.each(targets.slice(0, 2))('minEventInterval ($name)', (target) => {
  it('keeps frames apart, complete included', async () => {
    const api = await startApi(target, { minEventInterval: 100 })
    const startedAt = performance.now()
    const reader = await api.stream('subscription { count(to: 3) }')
    await reader.end()
    expect(reader.events).toHaveLength(4)
    expect(performance.now() - startedAt).toBeGreaterThan(295)
  })

  it('lets go of a frame that nobody waits for any more', async () => {
    const api = await startApi(target, { minEventInterval: 600_000 })
    const reader = await api.stream('subscription { count(to: 3) }')
    await reader.count(1)
    reader.leave()
    await until(() => api.sources.stopped === 1)
    expect(api.handler.stats.streams).toBe(0)
  })
})

describe.each(targets.slice(0, 3))('Draining ($name)', (target) => {
  it('ends streams without complete, so that their readers come back', async () => {
    const api = await startApi(target)
    const reader = await api.stream('subscription { silence }')
    await until(() => api.sources.opened === 1)
    api.handler.drain()
    await reader.end()
    expect(reader.events).toEqual([])
    expect(reader.text).toMatch(/retry: \d+\n\n$/)
    await until(() => api.sources.stopped === 1)
    const late = await api.stream('subscription { silence }')
    await late.end()
    expect(late.events).toEqual([])
  })
})
