import { createMemoryBroker } from '@heartline/broker'
import { HeartlineError, type ErrorEntry } from '@heartline/wire'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../../client/test/kit/until.ts'
import { ownerOf } from '../src/single/owner.ts'
import { startApi, targets, type Api } from './kit/ask.ts'
import { StreamReader } from './kit/stream-reader.ts'

const FORBIDDEN: ErrorEntry = {
  code: 'APP_FORBIDDEN',
  message: 'Say who you are.',
  fault: 'peer',
  retryable: false,
  status: 401,
}

/** `Authorization` is the user, and what else the credentials say: `anna 1`. */
function identify(incoming: unknown): unknown {
  const { headers } = incoming as { headers: Headers | Record<string, string> }
  const plain = headers instanceof Headers ? Object.fromEntries(headers) : headers
  const text = plain['authorization']
  if (text === 'refused') throw new HeartlineError(FORBIDDEN)
  if (text === undefined) return undefined
  const [sub, exp] = text.split(' ')
  return { sub, exp: Number(exp) }
}

const TOKEN = 'x-graphql-event-stream-token'

function as(api: Api, user: string | undefined, token?: string) {
  const headers: Record<string, string> = {
    ...(user === undefined ? {} : { authorization: user }),
    ...(token === undefined ? {} : { [TOKEN]: token }),
  }
  const params = (id: string, query: string): object => ({ query, extensions: { operationId: id } })
  return {
    reserve: async () => (await api.fetch(api.url, { method: 'PUT', headers })).text(),
    open: async () => {
      const stream = { ...headers, accept: 'text/event-stream' }
      return new StreamReader(await api.fetch(api.url, { headers: stream }))
    },
    operate: async (id: string, query: string) =>
      (await api.post(params(id, query), headers)).status,
    stop: async (id: string) =>
      (await api.fetch(`${api.url}?operationId=${id}`, { method: 'DELETE', headers })).status,
  }
}

describe.each(targets)('The owner of a reservation ($name)', (target) => {
  it('alone may use it: a token that somebody else got hold of is none', async () => {
    const api = await startApi(target, { authenticate: identify })
    const token = await as(api, 'anna 1').reserve()
    const [anna, eve] = [as(api, 'anna 2', token), as(api, 'eve 1', token)]
    expect((await eve.open()).response.status).toBe(404)
    expect(await eve.operate('a', '{ hello }')).toBe(404)
    const reader = await anna.open()
    expect(reader.response.status).toBe(200)
    expect(await anna.operate('a', 'subscription { silence }')).toBe(202)
    await until(() => api.sources.opened === 1)
    for (const other of [eve, as(api, undefined, token)]) {
      expect(await other.operate('b', '{ hello }')).toBe(404)
      expect(await other.stop('a')).toBe(404)
    }
    expect((await eve.open()).response.status).toBe(404)
    expect(api.handler.stats.operations).toBe(1)
    expect(await anna.stop('a')).toBe(200)
    await until(() => api.sources.stopped === 1)
    expect(reader.events).toEqual([])
    reader.leave()
  })

  it('opens the stream with the token alone, as an EventSource does', async () => {
    const api = await startApi(target, { authenticate: identify })
    const token = await as(api, 'anna 1').reserve()
    const reader = await as(api, undefined, token).open()
    expect(reader.response.status).toBe(200)
    expect(await as(api, 'anna 1', token).operate('a', '{ hello }')).toBe(202)
    await reader.count(2)
    reader.leave()
  })

  it('is nobody where nobody says who they are, and nobody else then', async () => {
    const api = await startApi(target, { authenticate: identify })
    const token = await as(api, undefined).reserve()
    expect(await as(api, undefined, token).operate('a', '{ hello }')).toBe(202)
    expect(await as(api, 'eve 1', token).operate('b', '{ hello }')).toBe(404)
    expect(await as(api, 'refused', token).operate('b', '{ hello }')).toBe(401)
  })

  it('is whom the application says', async () => {
    const owner = (identity: unknown): string => (identity === undefined ? '' : 'one household')
    const api = await startApi(target, { authenticate: identify, singleConnection: { owner } })
    const token = await as(api, 'anna 1').reserve()
    expect(await as(api, 'bert 1', token).operate('a', '{ hello }')).toBe(202)
    expect(await as(api, undefined, token).operate('b', '{ hello }')).toBe(404)
  })

  it('is the same in every process', async () => {
    const broker = createMemoryBroker()
    const singleConnection = { broker, secret: 'x'.repeat(32) }
    const options = { authenticate: identify, singleConnection }
    const [one, two] = [await startApi(target, options), await startApi(target, options)]
    onTestFinished(async () => {
      for (const { handler } of [one, two]) handler.drain()
      await broker.close()
    })
    const token = await as(one, 'anna 1').reserve()
    const reader = await as(two, 'anna 1', token).open()
    expect(await as(one, 'eve 1', token).operate('a', '{ hello }')).toBe(404)
    expect(await as(one, 'anna 2', token).operate('a', '{ hello }')).toBe(202)
    await reader.count(2)
    reader.leave()
  })
})

describe('What an identity comes down to', () => {
  it.each([
    [undefined, ''],
    [null, ''],
    ['anna', '"anna"'],
    [0, '0'],
    [{ sub: 'anna', exp: 1 }, '["anna",null]'],
    [{ sub: 'anna', iss: 'a', exp: 2 }, '["anna","a"]'],
    [{ id: 7 }, '{"id":7}'],
    [() => 1, ''],
  ])('%j is %s', (identity, owner) => {
    expect(ownerOf(identity)).toBe(owner)
  })
})
