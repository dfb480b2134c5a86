import { createMemoryBroker } from '@heartline/broker'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../../client/test/kit/until.ts'
import { startApi, targets } from './kit/ask.ts'

/** Rejections that nobody handled end the process: counted while a test runs. */
function countUnhandled(): { readonly count: number } {
  const seen = { count: 0 }
  const listener = (): void => void seen.count++
  const others = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection')
  process.on('unhandledRejection', listener)
  onTestFinished(() => {
    process.off('unhandledRejection', listener)
    for (const other of others) process.on('unhandledRejection', other)
  })
  return seen
}

const turns = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 20))

describe.each(targets)('Hooks that fail ($name)', (target) => {
  const { GraphQLError } = target.graphql.module
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  const unwritable = (): never => {
    throw new GraphQLError('round and round', { extensions: { loop } })
  }

  it.each([
    ['at once', () => unwritable()],
    ['later', () => Promise.reject(new Error('the log is full'))],
  ])('onError, %s, changes nothing', async (_when, hook) => {
    const onError = hook as () => void
    const unhandled = countUnhandled()
    const authenticate = (): void => {
      throw new Error('a secret')
    }
    const refusing = await startApi(target, { onError, authenticate })
    const answer = await refusing.post({ query: '{ hello }' })
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret')
    const api = await startApi(target, { onError })
    const reader = await api.stream('subscription { breaks }')
    await reader.end()
    expect(reader.events.map(({ type }) => type)).toEqual(['next', 'next', 'complete'])
    await turns()
    expect(unhandled.count).toBe(0)
  })

  it('the end of an operation, told to a hook that fails later, is still the end', async () => {
    const unhandled = countUnhandled()
    const errors: unknown[] = []
    const api = await startApi(target, {
      onError: (error) => void errors.push(error),
      onOperation: () => () => Promise.reject(new Error('no database')) as never,
    })
    expect((await api.post({ query: '{ hello }' })).status).toBe(200)
    const reader = await api.stream('{ hello }')
    await reader.end()
    expect(reader.isComplete).toBe(true)
    await until(() => errors.length === 2, 'both are reported')
    expect(unhandled.count).toBe(0)
  })

  it.each(['authenticate', 'onSubscribe', 'context', 'onOperation'] as const)(
    '%s, with an error that JSON cannot say, is told without its extensions',
    async (hook) => {
      const unhandled = countUnhandled()
      const api = await startApi(target, { [hook]: unwritable })
      for (const accept of ['text/event-stream', 'application/json']) {
        const answer = await api.post({ query: '{ hello }' }, { accept })
        expect(answer.status).toBe(400)
        expect(await answer.json()).toEqual({ errors: [{ message: 'round and round' }] })
      }
      await turns()
      expect(unhandled.count).toBe(0)
      expect(api.handler.stats.streams).toBe(0)
    },
  )

  it('one that refuses ends what another has tied to the operation', async () => {
    const signals: AbortSignal[] = []
    const api = await startApi(target, {
      context: (_incoming, { signal }) => void signals.push(signal),
      onOperation: () => unwritable(),
    })
    for (const accept of ['text/event-stream', 'application/json']) {
      await api.post({ query: '{ hello }' }, { accept })
    }
    const token = await api.reserve()
    const shared = await api.open(token)
    await api.operate(token, 'a', '{ hello }')
    await shared.count(2)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true, true])
    shared.leave()
  })

  it('a result that JSON cannot say is told without its reason, which onError is told', async () => {
    const errors: unknown[] = []
    const execute = (): never => ({ data: { hello: 1n } }) as never
    const api = await startApi(target, {
      engine: { ...target.graphql.engine, execute },
      onError: (error) => void errors.push(error),
    })
    const reader = await api.stream('{ hello }')
    await reader.end()
    expect(reader.results[0].errors[0].extensions.code).toBe('HL_GRAPHQL_RESULT_INVALID')
    expect(reader.isComplete).toBe(true)
    expect(errors).toHaveLength(1)
    expect((errors[0] as Error).cause).toBeInstanceOf(TypeError)
  })

  it('a rule, with an error that JSON cannot say, leaves no stream open', async () => {
    const api = await startApi(target, {
      validationRules: [
        (context) => ({
          Field: () => {
            context.reportError(new GraphQLError('odd', { extensions: { loop } }))
          },
        }),
      ],
    })
    const answer = await api.post({ query: '{ hello }' }, { accept: 'text/event-stream' })
    expect(answer.status).toBe(500)
    await answer.text()
    expect(api.handler.stats.streams).toBe(0)
  })

  it('a source, with an error that JSON cannot say, ends its stream with complete', async () => {
    const unhandled = countUnhandled()
    const subscribe = (): never =>
      ({
        [Symbol.asyncIterator]() {
          return this
        },
        next: async () => unwritable(),
      }) as never
    const api = await startApi(target, { engine: { ...target.graphql.engine, subscribe } })
    const reader = await api.stream('subscription { silence }')
    await reader.end()
    expect(reader.results).toEqual([{ errors: [{ message: 'round and round' }] }])
    expect(reader.isComplete).toBe(true)
    const token = await api.reserve()
    const shared = await api.open(token)
    await api.operate(token, 'a', 'subscription { silence }')
    await shared.count(2)
    expect(shared.events.map(({ type }) => type)).toEqual(['next', 'complete'])
    shared.leave()
    await turns()
    expect(unhandled.count).toBe(0)
  })
})

describe.each(targets.slice(0, 1))('A stream that cannot be opened ($name)', (target) => {
  it('is left to whoever asks next, in whatever process', async () => {
    const broker = createMemoryBroker()
    onTestFinished(() => broker.close())
    let fails = 1
    // The log takes the claim, and cannot be read after it.
    const flaky: typeof broker = Object.create(broker, {
      append: { value: broker.append.bind(broker) },
      tail: { value: broker.tail.bind(broker) },
      state: { value: broker.state.bind(broker) },
      read: {
        value: (...args: Parameters<typeof broker.read>) =>
          fails-- > 0 ? Promise.reject(new Error('no answer')) : broker.read(...args),
      },
    })
    const singleConnection = { broker: flaky, secret: 'x'.repeat(32) }
    const api = await startApi(target, { singleConnection })
    onTestFinished(() => api.handler.drain())
    const token = await api.reserve()
    expect((await api.open(token)).response.status).toBe(500)
    const reader = await api.open(token)
    expect(reader.response.status).toBe(200)
    reader.leave()
  })
})
