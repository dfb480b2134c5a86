import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Session } from '@heartline/session/fetch'
import { describe, expect, it } from 'vitest'
import { settle, until } from '../../client/test/kit/until.ts'
import { startApi, targets, type Api, type Target } from './kit/ask.ts'
import { StreamReader } from './kit/stream-reader.ts'

const STREAM = { accept: 'text/event-stream' }
const TOKEN = 'x-graphql-event-stream-token'
const MIB = 1_048_576

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

interface Watched {
  readonly api: Api
  /** Why streams ended. */
  readonly ends: string[]
  /** Bytes that wait in the queues of open streams. */
  readonly pending: () => number
}

/** Streams that are given no room to queue anything. */
async function startWatched(
  target: Target,
  options: Parameters<typeof startApi>[1] = {},
): Promise<Watched> {
  const ends: string[] = []
  const sessions = new Set<Session>()
  const monitor = {
    onOpen: (session: Session) => void sessions.add(session),
    onEnd: (session: Session, { reason }: { reason: string }) => {
      sessions.delete(session)
      ends.push(reason)
    },
  }
  const api = await startApi(target, { stream: { maxPendingBytes: 0, monitor }, ...options })
  const pending = (): number => [...sessions].reduce((sum, one) => sum + one.pendingBytes, 0)
  return { api, ends, pending }
}

/** A reserved stream that nobody reads yet. */
async function openUnread(api: Api): Promise<{ token: string; response: Response }> {
  const token = await api.reserve()
  const response = await api.fetch(api.url, { headers: { ...STREAM, [TOKEN]: token } })
  return { token, response }
}

describe.each(targets)('Results larger than a stream may queue ($name)', (target) => {
  it('leave whole on a stream of their own, complete behind them', async () => {
    const { api, ends } = await startWatched(target)
    const reader = await api.stream(`{ large(bytes: ${20 * MIB}) }`)
    await reader.end()
    expect(reader.results[0].data.large).toHaveLength(20 * MIB)
    expect(reader.isComplete).toBe(true)
    await until(() => ends.length === 1)
    expect(ends).toEqual(['finished'])
  })

  it('take turns on a shared stream, whenever its reader begins to read', async () => {
    const { api, ends, pending } = await startWatched(target)
    const { token, response } = await openUnread(api)
    const ids = ['a', 'b', 'c', 'd', 'e', 'f']
    for (const id of ids) {
      expect((await api.operate(token, id, `{ large(bytes: ${3 * MIB}) }`)).status).toBe(202)
    }
    await settle(50)
    expect(pending()).toBe(0)
    const reader = new StreamReader(response)
    await reader.count(ids.length * 2)
    const frames = reader.events.map(({ type, data }) => ({ type, ...JSON.parse(data) }))
    for (const id of ids) {
      const [next, complete] = frames.filter((frame) => frame.id === id)
      expect(next.payload.data.large).toHaveLength(3 * MIB)
      expect(complete.type).toBe('complete')
    }
    expect(ends).toEqual([])
    reader.leave()
  })

  it('are asked of no source while its reader does not read', async () => {
    const { api, ends, pending } = await startWatched(target)
    const { token, response } = await openUnread(api)
    const sources = 8
    for (let i = 0; i < sources; i++) {
      await api.operate(token, `${i}`, `subscription { flood(bytes: ${2 * MIB}) }`)
    }
    let before = -1
    while (before !== api.sources.pulled) {
      before = api.sources.pulled
      await settle(300)
    }
    // One for each that waits its turn at the most, and what the kernel and the client hold.
    expect(before).toBeLessThan(sources + 10)
    expect(pending()).toBe(0)
    const reader = new StreamReader(response)
    await reader.count(sources * 3)
    // None of them starves.
    expect(new Set(reader.results.map(({ id }) => id)).size).toBe(sources)
    expect(ends).toEqual([])
    reader.leave()
    await until(() => api.sources.stopped === sources)
  })

  it('do not make what is refused meanwhile break the stream', async () => {
    const { api, ends } = await startWatched(target, {
      context: (_incoming, { params }) => {
        if (params.query.includes('hello')) throw new target.graphql.module.GraphQLError('not now')
      },
    })
    const { token, response } = await openUnread(api)
    await api.operate(token, 'large', `subscription { flood(bytes: ${4 * MIB}) }`)
    await until(() => api.sources.pulled > 0)
    const statuses: number[] = []
    for (let i = 0; i < 100; i++) {
      statuses.push((await api.operate(token, `${i}`, '{ hello }')).status)
    }
    // What waits to be told has its place, and those are counted.
    expect(statuses.filter((status) => status === 202)).toHaveLength(99)
    expect(statuses.at(-1)).toBe(429)
    const reader = new StreamReader(response)
    const refused = (): unknown[] =>
      reader.results.filter(({ payload }) => payload.errors?.[0].message === 'not now')
    await until(() => refused().length === 99 && api.handler.stats.operations === 1)
    expect(ends).toEqual([])
    reader.leave()
  })

  it('tell of a request that is wrong in many ways', async () => {
    const { api, ends } = await startWatched(target)
    const fields = Array.from({ length: 90 }, (_, i) => `${'nothing'.repeat(90)}${i}`)
    const reader = await api.stream(`{ ${fields.join(' ')} }`)
    await reader.end()
    expect(reader.results[0].errors).toHaveLength(90)
    expect(reader.isComplete).toBe(true)
    await until(() => ends.length === 1)
    expect(ends).toEqual(['finished'])
  })
})

describe.each(targets)('A slow reader of a large result ($name)', (target) => {
  it('gets it whole, in more time than a small one may take', async () => {
    const api = await startApi(target, { stream: { maxBlockedMs: 500 } })
    const query = `{ large(bytes: ${24 * MIB}) }`
    const { body } = await api.post({ query }, STREAM)
    const startedAt = performance.now()
    let bytes = 0
    let end = ''
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      end = `${end}${new TextDecoder().decode(chunk.slice(-20))}`.slice(-20)
      if (bytes / MIB / 8 > (performance.now() - startedAt) / 1_000) await settle(20)
    }
    expect(performance.now() - startedAt).toBeGreaterThan(2_000)
    expect(bytes).toBeGreaterThan(24 * MIB)
    expect(end).toContain('complete')
  })
})

describe.each(targets)('Operations that are stopped ($name)', (target) => {
  it('keep no result for a reader that does not read', async () => {
    let made = 0
    // Each another text, whose bytes are really there.
    const text = (): string => Buffer.alloc(MIB, `${made++}`).toString('latin1')
    const execute = (): never => ({ data: { hello: text() } }) as never
    const api = await startApi(target, { engine: { ...target.graphql.engine, execute } })
    const { token, response } = await openUnread(api)
    await api.operate(token, 'first', `subscription { flood(bytes: ${4 * MIB}) }`)
    await until(() => api.sources.pulled > 0)
    collectGarbage()
    const before = usedBytes()
    for (let i = 1; i <= 150; i++) {
      await api.operate(token, 'again', '{ hello }')
      await until(() => made === i)
      await api.stop(token, 'again')
    }
    await settle(50)
    collectGarbage()
    expect(usedBytes() - before).toBeLessThan(50 * MIB)
    expect(api.handler.stats.operations).toBe(1)
    await response.body?.cancel()
  })
})
