import { createMemoryBroker } from '@heartline/broker'
import { describe, expect, it } from 'vitest'
import { NamespaceTable } from '../src/namespace.ts'
import { resolveHubOptions } from '../src/options.ts'
import { TopicStats } from '../src/topic-stats.ts'

const broker = createMemoryBroker()
const resolve = (options: object): unknown =>
  new NamespaceTable(resolveHubOptions({ broker, ...options }))

describe('an option', () => {
  it.each([
    { heartbeatKind: 'ping' },
    { namespaces: [{ topics: 'a', historyMaxAgeMs: -1 }] },
    { namespaces: [{ topics: 'a', historyMaxAgeMs: Number.NaN }] },
    { namespaces: [{ topics: 'a', presence: 'no' }] },
    { namespaces: [{ topics: 'a', private: 1 }] },
    { retryMs: '5' },
    { maxSessions: -1 },
    { kernelEvidence: 'on' },
    { maxUnacknowledgedMs: 0 },
    { sessionIdPrefix: 'two words' },
  ])('that is not valid is refused: %j', (options) => {
    expect(() => resolve(options)).toThrow(expect.objectContaining({ code: 'HL_OPTION_INVALID' }))
  })

  it.each([undefined, {}, { broker: Promise.resolve(broker) }])(
    'that is the broker is needed, and awaited: %j',
    (options) => {
      expect(() => resolveHubOptions(options as never)).toThrow('The option `broker` is not valid')
    },
  )

  it('of a namespace whose selector is not valid is refused', () => {
    expect(() => resolve({ namespaces: [{ topics: 'a*' }] })).toThrow(
      expect.objectContaining({ code: 'HL_SELECTOR_INVALID' }),
    )
    expect(() => resolve({ maxTopicLength: 3, namespaces: [{ topics: 'abcd' }] })).toThrow(
      expect.objectContaining({ code: 'HL_SELECTOR_INVALID' }),
    )
    expect(() =>
      resolve({ maxTopicLength: 300, namespaces: [{ topics: 'a'.repeat(300) }] }),
    ).not.toThrow()
  })

  it('that is undefined has its default', () => {
    expect(resolveHubOptions({ broker, retryMs: undefined }).retryMs).toBe(2_000)
  })
})

describe('the namespace of a topic', () => {
  it('is the first that matches, and stays known for a bounded number of topics', () => {
    const table = new NamespaceTable(
      resolveHubOptions({
        broker,
        namespaces: [
          { topics: 'a/*', private: true },
          { topics: '**', presence: false },
        ],
      }),
    )
    for (let n = 0; n < 25_000; n++) table.ofTopic(`x/${n}`)
    expect(table.ofTopic('a/1')).toMatchObject({ private: true, presence: true })
    expect(table.ofTopic('b')).toMatchObject({ private: false, presence: false })
    expect(table.ofSelector('a/**').topics).toBe('**')
    expect(table.hasLatest).toBe(false)
  })
})

describe('the rate of a topic', () => {
  it('is right whenever it is asked for', () => {
    let now = 1_000_000
    const stats = new TopicStats(() => now)
    for (let second = 0; second < 60; second++) {
      for (let n = 0; n < 10; n++) stats.add('a')
      now += 1_000
    }
    const [row] = stats.list(10)
    expect(row?.total).toBe(600)
    expect(row?.rate).toBeGreaterThan(8)
    expect(row?.rate).toBeLessThan(12)
    now += 30_000
    expect(stats.list(10)[0]?.rate).toBe(0)
    stats.add('a')
    now += 30_000
    expect(stats.list(10)[0]?.rate).toBe(0)
  })

  it('is kept for a bounded number of topics, and listed for as many as asked', () => {
    const stats = new TopicStats()
    for (let n = 0; n < 10_500; n++) {
      stats.add(`t${n}`)
      if (n % 1_000 === 0) stats.add('busy')
    }
    const kept = stats.list(20_000)
    expect(kept.length).toBeLessThanOrEqual(10_000)
    // Those that were quiet for longest are gone, and no others.
    expect(kept.filter(({ topic }) => topic !== 'busy').map(({ topic }) => topic)).toEqual(
      Array.from({ length: kept.length - 1 }, (_, n) => `t${10_499 - n}`),
    )
    expect(kept.find(({ topic }) => topic === 'busy')?.total).toBe(11)
    expect(stats.list(2).map((row) => row.topic)).toEqual(['t10499', 't10498'])
    expect(stats.list(0)).toEqual([])
  })
})
