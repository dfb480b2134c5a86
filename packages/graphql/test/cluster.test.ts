import { createMemoryBroker, type Broker } from '@heartline/broker'
import { createClient } from 'graphql-sse'
import { describe, expect, it, onTestFinished } from 'vitest'
import { settle, until } from '../../client/test/kit/until.ts'
import { createHub } from '@heartline/hub'
import { startApi, targets, type Api } from './kit/ask.ts'

const SECRET = 'a secret that all processes behind one address share'

/** Processes behind one address: handlers that share nothing but a log and a secret. */
async function startCluster(
  target: (typeof targets)[number],
  size: number,
  options: {
    broker?: Broker
    reservationMs?: number
    maxOperations?: number
    answerMs?: number
  } = {},
): Promise<{ apis: Api[]; broker: Broker }> {
  const { broker = createMemoryBroker(), ...bounds } = options
  const singleConnection = { broker, secret: SECRET, ...bounds }
  const authenticate = (): unknown => ({ name: 'me' })
  const context = (_incoming: unknown, operation: { identity: unknown }): unknown =>
    operation.identity
  const start = (): Promise<Api> => startApi(target, { singleConnection, authenticate, context })
  const apis = await Promise.all(Array.from({ length: size }, start))
  onTestFinished(async () => {
    for (const { handler } of apis) handler.drain()
    await broker.close()
  })
  return { apis, broker }
}

describe.each(targets)('A single connection behind a load balancer ($name)', (target) => {
  it('is reserved, opened, used and stopped in four processes', async () => {
    const { apis } = await startCluster(target, 4)
    const [reserving, holding, taking, stopping] = apis as [Api, Api, Api, Api]
    const token = await reserving.reserve()
    const reader = await holding.open(token)
    expect(reader.response.status).toBe(200)
    expect((await taking.operate(token, 'a', '{ hello }')).status).toBe(202)
    await reader.count(2)
    expect(reader.results).toEqual([{ id: 'a', payload: { data: { hello: 'Hello world' } } }])
    expect((await taking.operate(token, 'b', 'subscription { silence }')).status).toBe(202)
    await until(() => holding.sources.opened === 1)
    expect(taking.sources.opened).toBe(0)
    // Who takes an operation and who holds the stream agree on what runs.
    expect((await stopping.operate(token, 'b', '{ hello }')).status).toBe(409)
    expect((await stopping.stop(token, 'b')).status).toBe(200)
    await until(() => holding.sources.stopped === 1)
    // Its identity goes with an operation.
    expect((await taking.operate(token, 'c', '{ who }')).status).toBe(202)
    await reader.count(4)
    expect(reader.results[1].payload.data.who).toBe('{"name":"me"}')
    reader.leave()
    await until(() => holding.handler.stats.streams === 0)
    expect(apis.map(({ handler }) => handler.stats.questions)).toEqual([0, 0, 0, 0])
  })

  it('takes operations anywhere before it is opened, in order, each once', async () => {
    const { apis } = await startCluster(target, 3)
    const [first, second, third] = apis as [Api, Api, Api]
    const token = await first.reserve()
    expect((await first.operate(token, '1', 'mutation { note(text: "1") }')).status).toBe(202)
    expect((await second.operate(token, '2', 'mutation { note(text: "2") }')).status).toBe(202)
    expect((await first.operate(token, '2', 'mutation { note(text: "3") }')).status).toBe(409)
    expect((await second.operate(token, '4', 'mutation { note(text: "4") }')).status).toBe(202)
    expect((await first.stop(token, '4')).status).toBe(200)
    const reader = await third.open(token)
    await reader.count(4)
    await settle(100)
    expect(third.notes).toEqual(['1', '2'])
    expect([...first.notes, ...second.notes]).toEqual([])
    reader.leave()
  })

  it('runs what comes while it is being opened, each once', async () => {
    const { apis } = await startCluster(target, 2)
    const [holding, taking] = apis as [Api, Api]
    for (let round = 0; round < 5; round++) {
      const token = await taking.reserve()
      const names = Array.from({ length: 12 }, (_, i) => `${round}/${i}`)
      const take = (name: string): Promise<Response> =>
        taking.operate(token, name, `mutation { note(text: "${name}") }`)
      const early = names.slice(0, 6).map(take)
      const opening = holding.open(token)
      const answers = await Promise.all([...early, ...names.slice(6).map(take)])
      expect(answers.map(({ status }) => status)).toEqual(names.map(() => 202))
      const reader = await opening
      await reader.count(24)
      await settle(50)
      const noted = holding.notes.filter((note) => note.startsWith(`${round}/`))
      expect(noted.sort((a, b) => a.localeCompare(b))).toEqual(
        [...names].sort((a, b) => a.localeCompare(b)),
      )
      reader.leave()
    }
  })

  it('is opened by one of two processes that are asked at once', async () => {
    const { apis } = await startCluster(target, 2)
    for (let round = 0; round < 5; round++) {
      const token = await apis[0]!.reserve()
      const readers = await Promise.all(apis.map((api) => api.open(token)))
      expect(readers.map(({ response }) => response.status).sort((a, b) => a - b)).toEqual([
        200, 409,
      ])
      for (const reader of readers) reader.leave()
    }
  })
})

describe.each(targets.slice(0, 1))('Processes that share streams ($name)', (target) => {
  it('serve the client of graphql-sse whatever process each request reaches', async () => {
    const { apis } = await startCluster(target, 3)
    let turn = 0
    const balanced: typeof fetch = (url, init) => {
      const api = apis[turn++ % apis.length]!
      return api.fetch((url as string).replace(/^http:\/\/[^/]+\/graphql/, api.url), init)
    }
    const client = createClient({
      url: apis[0]!.url,
      fetchFn: balanced,
      singleConnection: true,
      retryAttempts: 0,
    })
    onTestFinished(() => client.dispose())
    const counts: unknown[] = []
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        for await (const { data } of client.iterate({ query: 'subscription { count(to: 20) }' }))
          counts.push(data)
      }),
    )
    expect(counts).toHaveLength(120)
    await until(() => apis.every(({ handler }) => handler.stats.streams === 0))
  })

  it('run an operation once that comes between the claim of a stream and its note', async () => {
    const broker = createMemoryBroker()
    let beforeNote: (() => Promise<unknown>) | undefined
    const waiting: Broker = Object.assign(Object.create(broker) as Broker, {
      append: async (entries: Parameters<Broker['append']>[0]) => {
        const act = entries[0]?.topics[0]?.includes('/state/') === true ? beforeNote : undefined
        beforeNote = undefined
        await act?.()
        return broker.append(entries)
      },
      state: () => broker.state(),
      read: (request: Parameters<Broker['read']>[0]) => broker.read(request),
      tail: (...following: Parameters<Broker['tail']>) => broker.tail(...following),
      close: () => broker.close(),
    })
    const [holding] = (await startCluster(target, 1, { broker: waiting })).apis as [Api]
    const [taking] = (await startCluster(target, 1, { broker })).apis as [Api]
    const token = await taking.reserve()
    beforeNote = () => taking.operate(token, 'a', 'mutation { note(text: "once") }')
    const reader = await holding.open(token)
    await reader.count(2)
    await settle(200)
    expect(holding.notes).toEqual(['once'])
    reader.leave()
  })

  it('say that a stream is gone when the one that held it is gone', async () => {
    const { apis } = await startCluster(target, 2, { answerMs: 200 })
    const [holding, other] = apis as [Api, Api]
    const token = await other.reserve()
    const reader = await holding.open(token)
    reader.leave()
    await until(() => holding.handler.stats.streams === 0)
    // Its end is in the log: the reservation may be used again while it lasts.
    const again = await other.open(token)
    expect(again.response.status).toBe(200)
    other.handler.drain()
    const late = await holding.operate(token, 'a', '{ hello }')
    expect([202, 404]).toContain(late.status)
  })

  it('do not wait for ever for one that does not answer', async () => {
    const { apis, broker } = await startCluster(target, 2, { answerMs: 200 })
    const [holding, other] = apis as [Api, Api]
    const token = await other.reserve()
    const reader = await holding.open(token)
    // It follows the log no more, as if it had been stopped by a debugger.
    const entries = await broker.read({ after: 0 })
    expect(entries.entries.length).toBeGreaterThan(0)
    holding.handler.drain()
    await reader.end()
    const started = performance.now()
    const answer = await other.operate(token, 'a', '{ hello }')
    expect(performance.now() - started).toBeLessThan(5_000)
    expect([202, 404]).toContain(answer.status)
    expect(other.handler.stats.questions).toBe(0)
  })

  it('bound what waits in the log', async () => {
    const { apis } = await startCluster(target, 2, { maxOperations: 3 })
    const token = await apis[0]!.reserve()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => apis[0]!.operate(token, String(i), '{ hello }')),
    )
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b)
    expect(statuses).toEqual([202, 202, 202, ...Array.from({ length: 17 }, () => 429)])
  })

  it('write nothing readable into the log, and take nothing from others out of it', async () => {
    const { apis, broker } = await startCluster(target, 2)
    const [holding, taking] = apis as [Api, Api]
    const token = await taking.reserve()
    const reader = await holding.open(token)
    await taking.operate(token, 'a', 'mutation { note(text: "a secret note") }')
    await reader.count(2)
    const { entries } = await broker.read({ after: 0 })
    const log = JSON.stringify(entries)
    expect(log).not.toContain('secret note')
    expect(log).not.toContain(token)
    expect(entries.every((entry) => entry.private === true)).toBe(true)
    // Someone who may publish, but has no secret, or repeats what was sealed for another topic.
    const ask = entries.find(({ topics }) => topics[0]!.includes('/ask/'))!
    const forged = JSON.stringify({ question: { kind: 'stop', id: 'b' } })
    await taking.operate(token, 'b', 'subscription { silence }')
    await broker.append([
      { topics: [ask.topics[0]!], data: forged },
      { topics: [ask.topics[0]!], data: 'x.y' },
      { topics: ['heartline-graphql/ask/'], data: ask.data },
      { topics: [ask.topics[0]!], data: entries[0]!.data },
    ])
    await settle(200)
    expect(holding.handler.stats.operations).toBe(1)
    expect(holding.notes).toEqual(['a secret note'])
    reader.leave()
  })

  it('find each other through the log of a hub, too, beside its events', async () => {
    const broker = createMemoryBroker()
    const hub = await createHub({ broker })
    onTestFinished(() => hub.close())
    const { apis } = await startCluster(target, 2, { broker })
    const token = await apis[0]!.reserve()
    const reader = await apis[1]!.open(token)
    await hub.publish([{ topic: 'news', data: 'x' }])
    expect((await apis[0]!.operate(token, 'a', '{ hello }')).status).toBe(202)
    await reader.count(2)
    reader.leave()
  })

  it('answer 503 when the log cannot be asked', async () => {
    const { apis, broker } = await startCluster(target, 2)
    const token = await apis[0]!.reserve()
    await broker.close()
    const answer = await apis[1]!.operate(token, 'a', '{ hello }')
    expect(answer.status).toBe(503)
    expect((await apis[1]!.open(token)).response.status).toBe(503)
    expect(apis[1]!.handler.stats).toMatchObject({ streams: 0, questions: 0 })
  })
})
