import { describe, expect, it, vi } from 'vitest'
import {
  createCache,
  memoryCache,
  type CacheChange,
  type CacheRecord,
  type CacheStore,
  type EventCache,
} from '../../src/cache/index.ts'
import type { StreamEvent } from '../../src/index.ts'
import { ManualClock } from '../kit/manual-clock.ts'
import { settle, until } from '../kit/until.ts'

type Events = {
  price: { symbol: string; bid: number }
  note: string
}

const keyOf = (event: StreamEvent<Events>): string | undefined =>
  event.type === 'price' ? event.data.symbol : ''

function price(symbol: string, bid: number, id = ''): StreamEvent {
  return { type: 'price', data: { symbol, bid }, id }
}

/** A store in memory that does what a test tells it. */
class TestStore implements CacheStore {
  readonly texts = new Map<string, string>()
  writes = 0
  failure: Error | undefined
  gate: Promise<void> | undefined

  async load(): Promise<CacheRecord[]> {
    await this.gate
    if (this.failure !== undefined) throw this.failure
    return Array.from(this.texts, ([name, text]) => ({ name, text }))
  }

  async write(changes: readonly CacheChange[]): Promise<void> {
    this.writes++
    await this.gate
    if (this.failure !== undefined) throw this.failure
    for (const { name, text } of changes) {
      if (text === undefined) this.texts.delete(name)
      else this.texts.set(name, text)
    }
  }

  clear(): void {
    this.texts.clear()
  }
}

/** Codes of what a cache reports, as a client that uses it would hear them. */
function listen(cache: EventCache<Events>): string[] {
  const codes: string[] = []
  cache.beside(undefined, ({ code }) => codes.push(code))
  return codes
}

describe('the values of a cache', () => {
  it('are the last of each type, or of each key that keyOf tells', () => {
    const byType = memoryCache<Events>()
    const byKey = memoryCache<Events>({ keyOf })
    for (const cache of [byType, byKey]) {
      for (const event of [price('A', 1), price('B', 2), price('A', 3, 'x')]) cache.keep(event)
      cache.keep({ type: 'note', data: 'hi', id: 'y' })
    }
    expect(byType.latest('price')?.data).toEqual({ symbol: 'A', bid: 3 })
    expect(byType.latest('price', 'A')).toBeUndefined()
    expect(byKey.latest('price', 'A')).toMatchObject({ data: { bid: 3 }, id: 'x', key: 'A' })
    expect(byKey.latest('price', 'B')?.data.bid).toBe(2)
    expect(byKey.latest('note')?.data).toBe('hi')
    expect(byKey.events().map(({ key }) => key)).toEqual(['B', 'A', ''])
    expect(byKey.size).toBe(3)
  })

  it('are not made of control events, nor of those without a key', () => {
    const cache = memoryCache<Events>({ keyOf: () => undefined })
    cache.keep(price('A', 1))
    expect(cache.size).toBe(0)
    const all = memoryCache()
    all.keep({ type: 'heartline.gap', data: { reason: 'slow' }, id: '' })
    expect(all.size).toBe(0)
  })

  it('tell when they were handled', () => {
    const clock = new ManualClock()
    const cache = memoryCache<Events>({ clock })
    clock.advance(500)
    cache.keep(price('A', 1))
    expect(cache.latest('price')?.at).toBe(clock.now())
  })

  it('stay within the number: what did not change for longest goes', async () => {
    const cache = memoryCache<Events>({ keyOf, maxKeys: 2 })
    for (const symbol of ['A', 'B', 'A', 'C']) cache.keep(price(symbol, 1))
    await settle(0)
    expect(cache.events().map(({ key }) => key)).toEqual(['A', 'C'])
  })

  it('stay within the size, in bytes, and one that is larger alone is not kept', async () => {
    const cache = memoryCache<Events>({ maxBytes: 500 })
    for (const type of ['a', 'b', 'c']) cache.keep({ type, data: '€'.repeat(50), id: '' })
    await settle(0)
    // Each is 150 bytes of text and some more around it.
    expect(cache.events().map(({ type }) => type)).toEqual(['b', 'c'])
    cache.keep({ type: 'b', data: 'x'.repeat(500), id: '' })
    await settle(0)
    expect(cache.latest('b' as 'note')).toBeUndefined()
    expect(cache.latest('c' as 'note')).toBeDefined()
  })

  it('tell their watchers once a turn, and only those of their name', async () => {
    const cache = memoryCache<Events>({ keyOf })
    const told: string[] = []
    const off = cache.watch('price', 'A', () =>
      told.push(`A${cache.latest('price', 'A')?.data.bid}`),
    )
    cache.watch('price', 'B', () => told.push('B'))
    cache.keep(price('A', 1))
    cache.keep(price('A', 2))
    await settle(0)
    expect(told).toEqual(['A2'])
    off()
    cache.keep(price('A', 3))
    cache.keep(price('B', 3))
    await settle(0)
    expect(told).toEqual(['A2', 'B'])
  })

  it('are told to a watcher that came after one that says twice that it leaves', async () => {
    const cache = memoryCache<Events>()
    const leave = cache.watch('note', '', () => undefined)
    leave()
    const told = vi.fn<() => void>()
    cache.watch('note', '', told)
    leave()
    cache.keep({ type: 'note', data: 'hi', id: '' })
    await cache.flush()
    expect(told).toHaveBeenCalledTimes(1)
  })

  it('are told to everybody, also when a watcher throws or keyOf does', async () => {
    const cache = memoryCache<Events>({
      keyOf: ({ data }) => {
        if (data === 'bad') throw new TypeError('no key')
        return ''
      },
    })
    const codes = listen(cache)
    const second = vi.fn<() => void>()
    cache.watch('note', '', () => {
      throw new TypeError('bad watcher')
    })
    cache.watch('note', '', second)
    cache.keep({ type: 'note', data: 'bad', id: '' })
    cache.keep({ type: 'note', data: 'good', id: '' })
    await settle(0)
    expect(second).toHaveBeenCalledTimes(1)
    expect(codes).toEqual(['HL_CLIENT_HANDLER_FAILED', 'HL_CLIENT_HANDLER_FAILED'])
  })

  it('refuse bounds that are none', () => {
    for (const options of [{ maxKeys: 0 }, { maxBytes: -1 }, { maxKeys: 1.5 }, { maxBytes: NaN }]) {
      expect(() => memoryCache(options)).toThrow(
        expect.objectContaining({ code: 'HL_CLIENT_CACHE_OPTION_INVALID' }),
      )
    }
  })

  it('that JSON cannot hold are left out and reported', async () => {
    const cache = memoryCache<Events>()
    const codes = listen(cache)
    cache.keep({ type: 'note', data: 10n, id: '' })
    await settle(0)
    expect(cache.size).toBe(0)
    expect(codes).toEqual(['HL_CLIENT_HANDLER_FAILED'])
  })
})

describe('a cache with a store', () => {
  it('serves what one before it wrote, oldest first', async () => {
    const store = new TestStore()
    const clock = new ManualClock()
    const first = createCache<Events>(store, { keyOf, clock })
    for (const symbol of ['A', 'B', 'C', 'A']) {
      first.keep(price(symbol, clock.now()))
      clock.advance(1)
    }
    await first.flush()
    const second = createCache<Events>(store, { keyOf })
    expect(second.latest('price', 'A')).toBeUndefined()
    await second.load()
    expect(second.events()).toEqual(first.events())
    expect(second.latest('price', 'A')?.data.bid).toBe(1_000_003)
  })

  it('prefers what the stream brought while it was loading', async () => {
    const store = new TestStore()
    const old = createCache<Events>(store, { keyOf })
    old.keep(price('A', 1))
    old.keep(price('B', 1))
    await old.flush()
    const cache = createCache<Events>(store, { keyOf })
    const seen: unknown[] = []
    cache.watch('price', 'B', () => seen.push(cache.latest('price', 'B')?.data.bid))
    const loading = cache.load()
    cache.keep(price('A', 2))
    await loading
    expect(cache.latest('price', 'A')?.data.bid).toBe(2)
    expect(seen).toEqual([1])
  })

  it('has what the stream brought while it was loading behind what the store had', async () => {
    const store = new TestStore()
    const before = createCache<Events>(store, { keyOf })
    before.keep(price('A', 1))
    await before.flush()
    const cache = createCache<Events>(store, { keyOf })
    cache.keep(price('B', 2))
    await cache.load()
    expect(cache.events().map(({ key }) => key)).toEqual(['A', 'B'])
  })

  it('does not serve what the store had before a value that is too large came', async () => {
    const store = new TestStore()
    const before = createCache<Events>(store)
    before.keep({ type: 'note', data: 'old', id: '' })
    await before.flush()
    const cache = createCache<Events>(store, { maxBytes: 200 })
    cache.keep({ type: 'note', data: 'x'.repeat(500), id: '' })
    await cache.flush()
    await cache.load()
    await cache.flush()
    expect(cache.latest('note')).toBeUndefined()
    expect(store.texts.size).toBe(0)
  })

  it('writes what is newest when a write fails that was overtaken', async () => {
    const store = new TestStore()
    const cache = createCache<Events>(store, { keyOf })
    listen(cache)
    await cache.load()
    const write = store.write.bind(store)
    let fail: (() => void) | undefined
    store.write = () => new Promise((_, reject) => (fail = () => reject(new Error('denied'))))
    cache.keep(price('A', 1))
    await until(() => fail !== undefined)
    cache.keep(price('A', 2))
    await Promise.resolve()
    store.write = write
    fail?.()
    await cache.flush()
    expect(JSON.parse(store.texts.get('price\nA') ?? '{}')).toMatchObject({ data: { bid: 2 } })
  })

  it('writes what changed together, and takes what went out of the store', async () => {
    const store = new TestStore()
    const cache = createCache<Events>(store, { keyOf, maxKeys: 2 })
    await cache.load()
    for (let bid = 0; bid < 100; bid++) cache.keep(price('A', bid))
    cache.keep(price('B', 1))
    await cache.flush()
    expect(store.writes).toBe(1)
    cache.keep(price('C', 1))
    await cache.flush()
    expect([...store.texts.keys()].sort()).toEqual(['price\nB', 'price\nC'])
  })

  it('says once that the store is full, goes on, and writes all when there is room', async () => {
    const store = new TestStore()
    const cache = createCache<Events>(store, { keyOf })
    const codes = listen(cache)
    await cache.load()
    store.failure = new Error('QuotaExceededError')
    for (const symbol of ['A', 'B', 'C']) {
      cache.keep(price(symbol, 1))
      await cache.flush()
    }
    expect(codes).toEqual(['HL_CLIENT_CACHE_FAILED'])
    expect(cache.latest('price', 'B')?.data.bid).toBe(1)
    store.failure = undefined
    cache.keep(price('A', 2))
    await cache.flush()
    expect([...store.texts.keys()].sort()).toEqual(['price\nA', 'price\nB', 'price\nC'])
    store.failure = new Error('again')
    cache.keep(price('A', 3))
    await cache.flush()
    expect(codes).toHaveLength(2)
  })

  it('keeps no list of what is gone while the store fails', async () => {
    const store = new TestStore()
    const cache = createCache<Events>(store, { keyOf, maxKeys: 2 })
    listen(cache)
    await cache.load()
    store.failure = new Error('denied')
    for (let n = 0; n < 50; n++) {
      cache.keep(price(`S${n}`, n))
      await cache.flush()
    }
    store.failure = undefined
    const written: string[] = []
    store.write = async (changes) => {
      for (const { name } of changes) written.push(name)
    }
    await cache.flush()
    expect(written.sort()).toEqual(['price\nS48', 'price\nS49'])
  })

  it('says once that the store is denied or silent, and serves what comes', async () => {
    const clock = new ManualClock()
    const denied = new TestStore()
    denied.failure = new DOMException('denied', 'SecurityError')
    const silent = new TestStore()
    silent.gate = new Promise(() => {})
    for (const store of [denied, silent]) {
      const cache = createCache<Events>(store, { keyOf, clock })
      const codes = listen(cache)
      const loading = cache.load()
      await settle(0)
      clock.advance(5000)
      await loading
      cache.keep(price('A', 1))
      await settle(0)
      expect(cache.latest('price', 'A')?.data.bid).toBe(1)
      expect(codes).toEqual(['HL_CLIENT_CACHE_FAILED'])
    }
  })

  it('saves the place behind its values, and without them when the store is silent', async () => {
    const clock = new ManualClock()
    const store = new TestStore()
    const cache = createCache<Events>(store, { keyOf, clock })
    await cache.load()
    const order: string[] = []
    const write = store.write.bind(store)
    store.write = async (changes) => {
      await write(changes)
      order.push('values')
    }
    const codes: string[] = []
    const beside = cache.beside(
      { load: () => 'p', save: (id) => void order.push(id) },
      ({ code }) => codes.push(code),
    )
    expect(await beside.load()).toBe('p')
    cache.keep(price('A', 1))
    await beside.save('1')
    expect(order).toEqual(['values', '1'])
    store.gate = new Promise(() => {})
    cache.keep(price('A', 2))
    const saving = beside.save('2')
    await settle(0)
    expect(order).toEqual(['values', '1'])
    clock.advance(5000)
    await saving
    expect(order).toEqual(['values', '1', '2'])
    expect(codes).toEqual(['HL_CLIENT_CACHE_FAILED'])
  })

  it('saves the place of a stream that never pauses', async () => {
    const store = new TestStore()
    const cache = createCache<Events>(store, { keyOf })
    const beside = cache.beside(undefined, () => {})
    await cache.load()
    let isOver = false
    const flood = (async () => {
      for (let bid = 0; !isOver; bid++) {
        cache.keep(price('A', bid))
        await settle(0)
      }
    })()
    await beside.save('1')
    isOver = true
    await flood
  })

  it('leaves out, and clears away, what somebody else wrote', async () => {
    const store = new TestStore()
    store.texts.set('price\n', 'not JSON')
    store.texts.set('other', '{"type":"price","key":"","at":1}')
    const cache = createCache<Events>(store)
    await cache.load()
    await cache.flush()
    expect(cache.size).toBe(0)
    await until(() => store.texts.size === 0)
  })

  it('keeps to its bounds when the store holds more', async () => {
    const store = new TestStore()
    const large = createCache<Events>(store, { keyOf })
    for (let n = 0; n < 10; n++) large.keep(price(`S${n}`, n))
    await large.flush()
    const small = createCache<Events>(store, { keyOf, maxKeys: 3 })
    await small.load()
    await small.flush()
    expect(small.size).toBe(3)
    expect(store.texts.size).toBe(3)
  })

  it('forgets everything, here and in the store', async () => {
    const store = new TestStore()
    const before = createCache<Events>(store, { keyOf })
    before.keep(price('A', 1))
    await before.flush()
    store.texts.set('broken', 'x')
    const cache = createCache<Events>(store, { keyOf })
    const told = vi.fn<() => void>()
    cache.watch('price', 'A', told)
    await cache.clear()
    expect(cache.size).toBe(0)
    expect(store.texts.size).toBe(0)
    expect(cache.latest('price', 'A')).toBeUndefined()
    cache.keep(price('A', 2))
    await cache.flush()
    expect([...store.texts.keys()]).toEqual(['price\nA'])
    expect(told).toHaveBeenCalled()
  })
})
