import { describe, expect, it } from 'vitest'
import { settle, until } from '../../client/test/kit/until.ts'
import { startApi, targets } from './kit/ask.ts'

describe.each(targets)('A single connection ($name)', (target) => {
  it('carries all operations of a client, each frame with the id of its own', async () => {
    const api = await startApi(target)
    const reserved = await api.fetch(api.url, { method: 'PUT' })
    expect(reserved.status).toBe(201)
    expect(reserved.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    const token = await reserved.text()
    const reader = await api.open(token)
    const answers = await Promise.all([
      api.operate(token, 'a', 'subscription { count(to: 2) }'),
      api.operate(token, 'b', '{ hello }'),
      api.operate(token, 'c', 'mutation { note(text: "kept") }'),
    ])
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    await reader.count(7)
    const of = (id: string): unknown[] =>
      reader.events
        .map(({ type, data }) => ({ type, ...JSON.parse(data) }))
        .filter((event) => event.id === id)
        .map(({ type, payload }) => (type === 'complete' ? type : payload))
    expect(of('a')).toEqual([{ data: { count: 1 } }, { data: { count: 2 } }, 'complete'])
    expect(of('b')).toEqual([{ data: { hello: 'Hello world' } }, 'complete'])
    expect(of('c')).toEqual([{ data: { note: 'kept' } }, 'complete'])
    expect(
      reader.events.filter((event) => event.type === 'complete').map(({ data }) => data),
    ).toContain('{"id":"a"}')
    expect(api.handler.stats).toMatchObject({ streams: 1, operations: 0, waiting: 0 })
    reader.leave()
    await until(() => api.handler.stats.streams === 0)
  })

  it('takes operations before the stream is opened, and begins them then', async () => {
    const api = await startApi(target)
    const token = await api.reserve()
    expect((await api.operate(token, '1', 'subscription { count(to: 1) }')).status).toBe(202)
    expect((await api.operate(token, '2', 'subscription { silence }')).status).toBe(202)
    expect((await api.stop(token, '2')).status).toBe(200)
    expect(api.handler.stats).toMatchObject({ waiting: 1, operations: 0 })
    expect(api.sources.opened).toBe(0)
    const reader = await api.open(token)
    await reader.count(2)
    expect(reader.events.map(({ type }) => type)).toEqual(['next', 'complete'])
    expect(api.sources.opened).toBe(1)
    expect(api.handler.stats).toMatchObject({ waiting: 0, waitingBytes: 0 })
    reader.leave()
  })

  it('stops one operation with DELETE, and all of them when the reader goes', async () => {
    const api = await startApi(target)
    const token = await api.reserve()
    const reader = await api.open(token)
    for (const id of ['a', 'b', 'c']) await api.operate(token, id, 'subscription { silence }')
    await until(() => api.sources.opened === 3)
    expect((await api.stop(token, 'a')).status).toBe(200)
    await until(() => api.sources.stopped === 1)
    expect((await api.stop(token, 'never there')).status).toBe(200)
    expect(api.handler.stats.operations).toBe(2)
    reader.leave()
    await until(() => api.sources.stopped === 3)
    await until(() => api.handler.stats.streams === 0)
    expect(api.handler.stats.operations).toBe(0)
  })

  it('is reserved whatever else the client accepts', async () => {
    const api = await startApi(target)
    for (const accept of ['application/json', 'text/event-stream', 'image/png']) {
      const reserved = await api.fetch(api.url, { method: 'PUT', headers: { accept } })
      expect(reserved.status).toBe(201)
      const reader = await api.open(await reserved.text())
      expect(reader.response.status).toBe(200)
      reader.leave()
    }
  })

  it('takes one stream for a reservation at a time', async () => {
    const api = await startApi(target)
    const token = await api.reserve()
    const reader = await api.open(token)
    const second = await api.open(token)
    expect(second.response.status).toBe(409)
    const operation = await api.operate(token, 'a', '{ hello }')
    expect(operation.status).toBe(202)
    await reader.count(2)
    reader.leave()
  })

  it('opens the stream by ?token= as well, for readers that cannot set headers', async () => {
    const api = await startApi(target)
    const token = await api.reserve()
    const response = await api.fetch(`${api.url}?token=${token}`, {
      headers: { accept: 'text/event-stream' },
    })
    expect(response.status).toBe(200)
    await response.body?.cancel()
  })

  it('answers what is wrong with an operation as GraphQL over HTTP does', async () => {
    const api = await startApi(target)
    const token = await api.reserve()
    const reader = await api.open(token)
    const refused = [
      await api.operate(token, 'a', 'subscription { count('),
      await api.operate(token, 'a', 'subscription { nothing }'),
      await api.operate(token, 'a', ''),
    ]
    expect(refused.map(({ status }) => status)).toEqual([400, 400, 400])
    expect(await refused[1]!.json()).toMatchObject({ errors: [{ message: /nothing/ as never }] })
    // An id that was refused is not taken.
    expect((await api.operate(token, 'a', '{ hello }')).status).toBe(202)
    await reader.count(2)
    reader.leave()
  })

  it('knows no id but its own: any text is one', async () => {
    const api = await startApi(target)
    const token = await api.reserve()
    const reader = await api.open(token)
    for (const id of [
      'toString',
      '__proto__',
      'constructor',
      'hasOwnProperty',
      '0',
      ' ',
      'ü\u0000"',
    ]) {
      expect((await api.operate(token, id, 'subscription { silence }')).status).toBe(202)
      expect((await api.operate(token, id, 'subscription { silence }')).status).toBe(409)
      expect((await api.stop(token, id)).status).toBe(200)
      // The id is free again.
      expect((await api.operate(token, id, '{ hello }')).status).toBe(202)
    }
    await reader.count(14)
    expect(api.handler.stats.operations).toBe(0)
    reader.leave()
  })

  it.each([[undefined], [7], [''], [null], [{}], ['x'.repeat(257)]])(
    'refuses %j as the id of an operation',
    async (id) => {
      const api = await startApi(target)
      const token = await api.reserve()
      const response = await api.operate(token, id, '{ hello }')
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('HL_GRAPHQL_OPERATION_ID_MISSING')
    },
  )

  it('makes all tokens itself: unguessable, each another, none chosen by a client', async () => {
    const api = await startApi(target)
    const tokens = new Set<string>()
    for (let i = 0; i < 20; i++) tokens.add(await api.reserve())
    expect(tokens.size).toBe(20)
    const chosen = await api.fetch(api.url, {
      method: 'PUT',
      headers: { 'x-graphql-event-stream-token': 'victim' },
    })
    expect(chosen.status).toBe(201)
    expect(await chosen.text()).not.toBe('victim')
    const [real = ''] = tokens
    const forged = real.slice(0, -2) + (real.endsWith('AA') ? 'BB' : 'AA')
    for (const token of ['victim', '__proto__', 'toString', forged, `${real}A`, real.slice(1)]) {
      expect((await api.open(token)).response.status, token).toBe(404)
      expect((await api.operate(token, 'a', '{ hello }')).status, token).toBe(404)
      expect((await api.stop(token, 'a')).status, token).toBe(404)
    }
    expect(api.handler.stats).toMatchObject({ streams: 0, waiting: 0 })
  })
})

describe.each(targets.slice(0, 1))('Bounds of a single connection ($name)', (target) => {
  it('forgets a reservation in time, and what waits for it', async () => {
    const api = await startApi(target, { singleConnection: { reservationMs: 300 } })
    const token = await api.reserve()
    expect((await api.operate(token, 'a', '{ hello }')).status).toBe(202)
    expect(api.handler.stats.waiting).toBe(1)
    await until(() => api.handler.stats.waiting === 0)
    expect(api.handler.stats.waitingBytes).toBe(0)
    expect((await api.open(token)).response.status).toBe(404)
    expect((await api.operate(token, 'b', '{ hello }')).status).toBe(404)
  })

  it('keeps a stream that was opened in time for as long as its reader stays', async () => {
    const api = await startApi(target, { singleConnection: { reservationMs: 300 } })
    const token = await api.reserve()
    const reader = await api.open(token)
    await settle(500)
    expect((await api.operate(token, 'a', '{ hello }')).status).toBe(202)
    await reader.count(2)
    reader.leave()
    await until(() => api.handler.stats.streams === 0)
    expect((await api.operate(token, 'b', '{ hello }')).status).toBe(404)
  })

  it('takes so many operations and no more', async () => {
    const api = await startApi(target, { singleConnection: { maxOperations: 2 } })
    for (const isOpen of [true, false]) {
      const token = await api.reserve()
      const reader = isOpen ? await api.open(token) : undefined
      const statuses: number[] = []
      for (const id of ['a', 'b', 'c']) {
        statuses.push((await api.operate(token, id, 'subscription { silence }')).status)
      }
      expect(statuses).toEqual([202, 202, 429])
      reader?.leave()
    }
  })

  it('keeps so many bytes for all streams that are not open, and no more', async () => {
    const api = await startApi(target, { singleConnection: { maxWaitingBytes: 5_000 } })
    const large = { variables: { text: 'x'.repeat(1_500) } }
    const first = await api.operate(await api.reserve(), 'a', '{ hello }', large)
    const second = await api.operate(await api.reserve(), 'a', '{ hello }', large)
    expect([first.status, second.status]).toEqual([202, 503])
    expect(second.headers.get('retry-after')).toBe('2')
    expect(api.handler.stats.waitingBytes).toBeLessThan(5_000)
  })

  it('is switched off with false', async () => {
    const api = await startApi(target, { singleConnection: false })
    const response = await api.fetch(api.url, { method: 'PUT' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, POST')
  })
})
