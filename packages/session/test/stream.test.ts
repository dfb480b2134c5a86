import { describe, expect, it } from 'vitest'
import type { EventFields } from '@heartline/wire'
import { createFetchSession, type Session } from '../src/index.ts'
import { Received, sleep, until } from './kit/reader.ts'

interface Desk {
  readonly session: Session
  readonly received: Received
  readonly abort: () => void
  readonly read: () => Promise<void>
}

function setUp(): Desk {
  const controller = new AbortController()
  const request = new Request('http://localhost/', { signal: controller.signal })
  const { session, response } = createFetchSession(request)
  const received = new Received()
  const reader = response.body!.getReader()
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      received.take(value)
    }
  }
  return { session, received, abort: () => controller.abort(), read }
}

async function* count(to: number): AsyncGenerator<EventFields> {
  for (let i = 0; i < to; i++) yield { id: String(i), data: `number ${i}` }
}

describe('Session.stream', () => {
  it('sends what an async source yields and tells how many', async () => {
    const { session, received, read } = setUp()
    const reading = read()
    await expect(session.stream(count(1_000))).resolves.toEqual({
      written: 1_000,
      outcome: 'done',
      end: undefined,
    })
    expect(session.isOpen).toBe(true)
    session.close()
    await reading
    expect(received.events.map((event) => event.lastEventId)).toEqual(
      Array.from({ length: 1_000 }, (_, i) => String(i)),
    )
  })

  it('takes plain iterables and strings, with a type, and closes when asked to', async () => {
    const { session, received, read } = setUp()
    const reading = read()
    const result = await session.stream(['a', { data: 'b' }], {
      type: 'letter',
      closeWhenDone: true,
    })
    expect(result).toMatchObject({ written: 2, outcome: 'done', end: { reason: 'finished' } })
    await reading
    expect(received.events).toMatchObject([
      { type: 'letter', data: 'a' },
      { type: 'message', data: 'b' },
    ])
  })

  it('asks for more only when the reader has taken what there was', async () => {
    const { session, read, received } = setUp()
    let pulled = 0
    const source = {
      *[Symbol.iterator]() {
        for (; pulled < 200; pulled++) yield 'x'.repeat(8_192)
      },
    }
    const streaming = session.stream(source)
    await sleep(50)
    expect(pulled).toBeLessThan(4)
    const reading = read()
    await expect(streaming).resolves.toMatchObject({ written: 200, outcome: 'done' })
    session.close()
    await reading
    expect(received.events).toHaveLength(200)
  })

  it('lets others run while a source always has more', async () => {
    const { session, read } = setUp()
    const reading = read()
    let timer = false
    setTimeout(() => (timer = true), 5)
    const source = {
      *[Symbol.iterator]() {
        while (!timer) yield 'more'
      },
    }
    await expect(session.stream(source)).resolves.toMatchObject({ outcome: 'done' })
    session.close()
    await reading
  })

  it('does so too where there is no setImmediate', async () => {
    const { setImmediate: own } = globalThis
    const { session, read } = setUp()
    const reading = read()
    Object.assign(globalThis, { setImmediate: undefined })
    try {
      await expect(session.stream(count(600))).resolves.toMatchObject({ written: 600 })
    } finally {
      Object.assign(globalThis, { setImmediate: own })
    }
    session.close()
    await reading
  })

  it('calls `return` of the source when the reader leaves', async () => {
    const { session, abort, read } = setUp()
    void read()
    let cleaned = false
    async function* source(): AsyncGenerator<string> {
      try {
        for (;;) {
          yield 'tick'
          await sleep(1)
        }
      } finally {
        cleaned = true
      }
    }
    const streaming = session.stream(source())
    await sleep(20)
    abort()
    await expect(streaming).resolves.toMatchObject({
      outcome: 'over',
      end: { reason: 'disconnected' },
    })
    await until(() => cleaned)
  })

  it('does not wait for a source that is stuck', async () => {
    const { session, abort } = setUp()
    let returned = 0
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => {
          returned++
          return new Promise<never>(() => undefined)
        },
      }),
    }
    const streaming = session.stream(source)
    await sleep(1)
    abort()
    await expect(streaming).resolves.toMatchObject({ written: 0, outcome: 'over' })
    expect(returned).toBe(1)
  })

  it('does not wait for a source while the reader is stalled and leaves', async () => {
    const { session, abort } = setUp()
    const streaming = session.stream(Array.from({ length: 50 }, () => 'x'.repeat(8_192)))
    await sleep(5)
    expect(session.isBlocked).toBe(true)
    abort()
    await expect(streaming).resolves.toMatchObject({ outcome: 'over', written: 2 })
  })

  it('ends the session with `handler-error` when the source throws', async () => {
    const { session } = setUp()
    const failure = new Error('no more')
    async function* source(): AsyncGenerator<string> {
      yield 'one'
      throw failure
    }
    const result = await session.stream(source())
    expect(result).toMatchObject({ written: 1, outcome: 'failed', error: failure })
    expect(session.end).toMatchObject({ reason: 'handler-error', error: failure })
    expect(session.signal.reason).toMatchObject({ cause: failure })
  })

  it('treats an event that cannot be sent as a failure of its source, and cleans that up', async () => {
    const { session } = setUp()
    let returned = false
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: { type: 'a\nb', data: '' } }),
        return: () => {
          returned = true
          throw new Error('again')
        },
      }),
    }
    const result = await session.stream(source)
    expect(result).toMatchObject({
      outcome: 'failed',
      written: 0,
      error: expect.objectContaining({ code: 'HL_EVENT_FIELD_INVALID' }),
    })
    expect(returned).toBe(true)
    expect(session.end?.reason).toBe('handler-error')
  })

  it('swallows what a source throws after the reader has left', async () => {
    const { session, abort } = setUp()
    let fail: (error: Error) => void = () => undefined
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>((_, reject) => (fail = reject)),
        return: () => Promise.reject(new Error('late clean-up')),
      }),
    }
    const streaming = session.stream(source)
    await sleep(1)
    abort()
    await expect(streaming).resolves.toMatchObject({ outcome: 'over' })
    fail(new Error('late'))
    await sleep(5)
    expect(session.end?.reason).toBe('disconnected')
  })

  it('ignores what a source yields after the reader has left', async () => {
    const { session, abort } = setUp()
    let give: (result: IteratorResult<string>) => void = () => undefined
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<string>>((resolve) => (give = resolve)),
      }),
    }
    const streaming = session.stream(source)
    await sleep(1)
    abort()
    await streaming
    give({ done: false, value: 'late' })
    await sleep(1)
    await expect(streaming).resolves.toMatchObject({ written: 0 })
  })

  it('lets a source clean up when the session is over already', async () => {
    const { session, abort } = setUp()
    abort()
    let returned = false
    const source = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: true as const, value: undefined }),
        return: () => {
          returned = true
          return { done: true as const, value: undefined }
        },
      }),
    }
    await expect(session.stream(source)).resolves.toMatchObject({ outcome: 'over', written: 0 })
    expect(returned).toBe(true)
  })

  it('runs any number of times, also at once, without a warning', async () => {
    const { session, read } = setUp()
    void read()
    const warnings: Error[] = []
    const warn = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warn)
    const streams = Array.from({ length: 40 }, () => session.stream(count(3)))
    await Promise.all(streams)
    for (let i = 0; i < 40; i++) await session.stream(['x'])
    await sleep(1)
    process.off('warning', warn)
    expect(warnings).toEqual([])
    session.close()
  })

  it('takes what is iterable in the way that it is, as for await does', async () => {
    const { session, read } = setUp()
    void read()
    const source = { [Symbol.asyncIterator]: undefined, [Symbol.iterator]: () => ['x'].values() }
    await expect(session.stream(source as never)).resolves.toMatchObject({ written: 1 })
    session.close()
  })

  it.each([undefined, null, 5, 'text', {}])('refuses %j as a source', (source) => {
    const { session } = setUp()
    expect(() => session.stream(source as never)).toThrow(
      expect.objectContaining({ code: 'HL_SOURCE_INVALID' }),
    )
    expect(session.isOpen).toBe(true)
  })
})
