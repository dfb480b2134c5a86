import { createMemoryBroker } from '@heartline/broker'
import { describe, expect, it } from 'vitest'
import { toEntry } from '../src/event.ts'
import { NamespaceTable } from '../src/namespace.ts'
import { resolveHubOptions } from '../src/options.ts'
import type { PublishEvent } from '@heartline/wire'

const broker = createMemoryBroker()
const options = resolveHubOptions({
  broker,
  namespaces: [{ topics: 'secret/**', private: true }],
  maxEventBytes: 100,
})
const check = (event: unknown) =>
  toEntry(event as PublishEvent, new NamespaceTable(options), options)

describe('an event to publish', () => {
  it('keeps text and turns other values into JSON', () => {
    expect(check({ topic: 'a', data: 'x' }).data).toBe('x')
    expect(check({ topic: 'a', data: { n: 1 } }).data).toBe('{"n":1}')
    expect(check({ topic: 'a', data: null }).data).toBe('null')
    expect(check({ topic: 'a', data: '' }).data).toBe('')
  })

  it('whose data has no JSON text is refused', () => {
    const cycle: { self?: unknown } = {}
    cycle.self = cycle
    for (const data of [1n, cycle, () => {}, Symbol('x')]) {
      expect(() => check({ topic: 'a', data })).toThrow(
        expect.objectContaining({ code: 'HL_EVENT_INVALID' }),
      )
    }
  })

  it('is private when it says so or one of its namespaces does', () => {
    expect(check({ topic: 'a', data: 1 }).private).toBe(false)
    expect(check({ topic: 'a', data: 1, private: true }).private).toBe(true)
    expect(check({ topics: ['a', 'secret/b'], data: 1 }).private).toBe(true)
  })

  it.each([
    [{ topic: 'a', data: 1, extra: 1 }, 'HL_EVENT_FIELD_UNKNOWN'],
    [{ topic: 'a', data: 1, __proto__x: 1 }, 'HL_EVENT_FIELD_UNKNOWN'],
    [JSON.parse('{"topic":"a","data":1,"__proto__":{}}'), 'HL_EVENT_FIELD_UNKNOWN'],
    [{ data: 1 }, 'HL_TOPIC_INVALID'],
    [{ topic: 'a' }, 'HL_EVENT_INVALID'],
    [null, 'HL_EVENT_INVALID'],
    [[], 'HL_EVENT_INVALID'],
    [{ topic: 'a', topics: ['b'], data: 1 }, 'HL_EVENT_INVALID'],
    [{ topics: [], data: 1 }, 'HL_EVENT_INVALID'],
    [{ topics: 'a', data: 1 }, 'HL_EVENT_INVALID'],
    [{ topics: Array.from({ length: 17 }, (_, i) => `t${i}`), data: 1 }, 'HL_EVENT_INVALID'],
    [{ topics: ['a', 5], data: 1 }, 'HL_TOPIC_INVALID'],
    [{ topic: 'a', data: () => 1 }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 'é'.repeat(51) }, 'HL_PUBLISH_TOO_LARGE'],
    [{ topic: 'a', data: 1, type: 'heartline.gap' }, 'HL_EVENT_TYPE_RESERVED'],
    [{ topic: 'a', data: 1, type: 'x\ndata: y' }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 1, type: '' }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 1, type: ['x'] }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 1, key: 'k\r' }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 1, private: 'yes' }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 1, retry: -1 }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 1, retry: '1\nid: x' }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 1, publishId: 'a b' }, 'HL_EVENT_INVALID'],
    [{ topic: 'a', data: 1, publishId: 'x'.repeat(129) }, 'HL_EVENT_INVALID'],
    [null, 'HL_EVENT_INVALID'],
    [[], 'HL_EVENT_INVALID'],
    ['text', 'HL_EVENT_INVALID'],
  ])('%j is refused with %s', (event, code) => {
    expect(() => check(event)).toThrow(expect.objectContaining({ code }))
  })
})
