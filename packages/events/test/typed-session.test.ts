import { createClient } from '@heartline/client'
import { createFetchSession, stream, type Session } from '@heartline/session'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineEvents, typedHandler, typedSession } from '../src/index.ts'
import { codeOf, eachLibrary, libraries, rejectionOf, schemaOf, serve } from './kit.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

type Listener = Parameters<typeof serve>[0]

async function open(listener: Listener): Promise<string> {
  const { url, close } = await serve(listener)
  closers.push(close)
  return url
}

/** A session on Fetch, and all that its reader gets until it ends. */
function openFetch(): { session: Session; text: Promise<string> } {
  const { session, response } = createFetchSession(new Request('http://localhost'), { retryMs: 0 })
  return { session, text: response.text().then((all) => all.replace(/^:.*\nretry.*\n\n/, '')) }
}

describe('a typed session', () => {
  it('writes the type, the JSON, the id and the delay', async () => {
    const { session, text } = openFetch()
    const typed = typedSession(libraries.zod, session)
    expect(typed.send('tick', { n: 1 }, { id: '1', retry: 500 })).toBe('written')
    expect(typed.send('done', 'good')).toBe('written')
    typed.close()
    expect(typed.send('done', 'good')).toBe('over')
    expect(await text).toBe(
      'id: 1\nevent: tick\nretry: 500\ndata: {"n":1}\n\nevent: done\ndata: "good"\n\n',
    )
  })

  it.each(eachLibrary)(
    'sends nothing of what the schema of %s refuses, and stays open',
    async (_, definition) => {
      const { session, text } = openFetch()
      const typed = typedSession(definition, session)
      expect(codeOf(() => typed.send('tick', { n: 1.5 }))).toBe('HL_EVENTS_DATA_INVALID')
      expect(codeOf(() => typed.send('tock' as never, {} as never))).toBe('HL_EVENTS_TYPE_UNKNOWN')
      expect(codeOf(() => typed.send('tick', { n: 1 }, { id: 'a\nb' }))).toBe(
        'HL_EVENT_FIELD_INVALID',
      )
      expect(typed.isOpen).toBe(true)
      typed.close()
      expect(await text).toBe('')
    },
  )

  it('passes on what a session can, and shows it', async () => {
    const { session, text } = openFetch()
    const typed = typedSession(libraries.zod, session)
    const done: string[] = []
    typed.onCleanup(() => done.push('cleanup'))
    expect(typed.session).toBe(session)
    expect(typed.id).toBe(session.id)
    expect(typed.signal).toBe(session.signal)
    expect(await typed.ready()).toBe(true)
    typed.comment('hello')
    typed.drain({ retryMs: 0 })
    expect(await typed.closed).toMatchObject({ reason: 'drained' })
    expect(await text).toContain(': hello\n\nevent: heartline.drain')
    await expect.poll(() => done).toEqual(['cleanup'])
  })
})

describe('a schema that answers later', () => {
  const waits = new Map<number, () => void>()
  const events = defineEvents({
    n: schemaOf<number>(async (value) => {
      const n = value as number
      // Each is looked at twice; only the first look waits.
      if (n > 0 && !waits.has(n)) await new Promise<void>((go) => waits.set(n, go))
      return n === 13 ? { issues: [{ message: 'bad luck' }] } : { value: n }
    }),
  })

  it('does not change the order of what is sent', async () => {
    waits.clear()
    const { session, text } = openFetch()
    const typed = typedSession(events, session)
    const sent = [1, 13, 2].map((n) => typed.sendAsync('n', n))
    const outcomes = Promise.allSettled(sent)
    for (const n of [2, 13, 1]) {
      waits.get(n)?.()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    expect((await outcomes).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(await typed.sendAsync('n', 0)).toBe('written')
    typed.close()
    expect(await typed.sendAsync('n', 0)).toBe('over')
    expect(await text).toBe('event: n\ndata: 1\n\nevent: n\ndata: 2\n\nevent: n\ndata: 0\n\n')
  })

  it('is refused by send, which cannot wait', () => {
    const typed = typedSession(events, openFetch().session)
    expect(() => typed.send('n', 0)).toThrow('Use sendAsync instead.')
    typed.close()
  })

  it('rejects once for a value that is refused before its turn', async () => {
    waits.clear()
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const typed = typedSession(events, openFetch().session)
    const first = typed.sendAsync('n', 1)
    const second = typed.sendAsync('n', 13)
    const rejection = rejectionOf(second)
    waits.get(13)?.()
    await new Promise((resolve) => setTimeout(resolve, 20))
    waits.get(1)?.()
    expect(await first).toBe('written')
    expect(await rejection).toBe('HL_EVENTS_DATA_INVALID')
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
    typed.close()
  })
})

describe('a source', () => {
  it('is checked event by event', async () => {
    const { session, text } = openFetch()
    const typed = typedSession(libraries.zod, session)
    async function* ticks(): AsyncGenerator<{ type: 'tick'; data: { n: number }; id: string }> {
      for (let n = 1; n <= 3; n += 1) yield { type: 'tick', data: { n }, id: String(n) }
    }
    expect(await typed.stream(ticks())).toMatchObject({ written: 3 })
    expect(await typed.stream([{ type: 'done', data: 'good' }])).toMatchObject({ written: 1 })
    typed.close()
    const all = await text
    expect(all).toContain('id: 3\nevent: tick\ndata: {"n":3}\n\nevent: done\ndata: "good"\n\n')
  })

  it('is told and ends the session when the schema refuses what it yields', async () => {
    const { session, text } = openFetch()
    let isTold = false
    function* ticks(): Generator<{ type: 'tick'; data: { n: number } }> {
      try {
        yield { type: 'tick', data: { n: 1 } }
        yield { type: 'tick', data: { n: 1.5 } }
      } finally {
        isTold = true
      }
    }
    const typed = typedSession(libraries.zod, session)
    await typed.stream(ticks())
    expect(await typed.closed).toMatchObject({
      reason: 'handler-error',
      error: { code: 'HL_EVENTS_DATA_INVALID' },
    })
    expect(isTold).toBe(true)
    expect(await text).toBe('event: tick\ndata: {"n":1}\n\n')
  })

  it.each([undefined, null, 5, 'text', {}])('is refused as %j, as by the session', (source) => {
    const { session } = openFetch()
    const typed = typedSession(libraries.zod, session)
    expect(() => typed.stream(source as never)).toThrow(
      expect.objectContaining({ code: 'HL_SOURCE_INVALID' }),
    )
    expect(typed.isOpen).toBe(true)
    typed.close()
  })

  it.each([undefined, null, 5, 'tick'])('that yields %j ends the session', async (event) => {
    const { session, text } = openFetch()
    await typedSession(libraries.zod, session).stream([event] as never)
    expect(session.end).toMatchObject({ error: { code: 'HL_EVENTS_TYPE_UNKNOWN' } })
    await text
  })

  it('is told when the reader goes while it is stuck', async () => {
    const { session } = openFetch()
    let isTold = false
    const stuck = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => {}),
        return: async () => {
          isTold = true
          return { done: true as const, value: undefined }
        },
      }),
    }
    const typed = typedSession(libraries.zod, session)
    const streaming = typed.stream(stuck)
    await new Promise((resolve) => setTimeout(resolve, 5))
    typed.close('disconnected')
    await streaming
    expect(isTold).toBe(true)
  })
})

describe('a typed handler', () => {
  it('feeds a stream of node:http, and its mistakes end the stream', async () => {
    const ends: unknown[] = []
    const url = await open((request, response) =>
      stream(
        request,
        response,
        typedHandler(libraries.zod, async (session) => {
          session.send('tick', { n: 1 })
          await new Promise((resolve) => setTimeout(resolve, 10))
          session.send('tick', { n: 'two' as never })
        }),
        { monitor: { onEnd: (_, end) => ends.push(end), onError: () => {} } },
      ),
    )
    const text = await (await fetch(url)).text()
    expect(text).toContain('event: tick\ndata: {"n":1}\n\n')
    expect(text).not.toContain('two')
    expect(ends).toMatchObject([
      { reason: 'handler-error', error: { code: 'HL_EVENTS_DATA_INVALID' } },
    ])
  })

  it('rejects before the head when its first value is refused', async () => {
    const url = await open(async (request, response) => {
      const opening = stream(
        request,
        response,
        typedHandler(libraries.zod, (session) => {
          session.send('tick', { n: 'one' as never })
        }),
      )
      response.writeHead(500).end(await rejectionOf(opening))
    })
    const answer = await fetch(url)
    expect([answer.status, await answer.text()]).toEqual([500, 'HL_EVENTS_DATA_INVALID'])
  })
})

describe('a client with the same definition', () => {
  it('gets what was sent, as its schemas make it', async () => {
    const events = defineEvents({
      at: {
        send: z.date(),
        receive: z.iso.datetime().transform((text) => new Date(text)),
      },
    })
    const url = await open((request, response) =>
      stream(
        request,
        response,
        typedHandler(events, (session) => {
          session.send('at', new Date(5))
        }),
      ),
    )
    const client = createClient({ url, schemas: events.schemas })
    closers.push(() => client.close())
    const at = await new Promise<Date>((resolve) => client.on('at', resolve))
    expect(at).toEqual(new Date(5))
  })

  it('refuses what another server sends', async () => {
    const url = await open((request, response) =>
      stream(request, response, (session) => {
        session.send({ type: 'tick', data: '{"n":"one"}' })
        session.send({ type: 'tick', data: '{"n":2}' })
      }),
    )
    const client = createClient({ url, schemas: libraries.arktype.schemas })
    closers.push(() => client.close())
    const errors: string[] = []
    client.onError(({ code }) => errors.push(code))
    const n = await new Promise<number>((resolve) => client.on('tick', (tick) => resolve(tick.n)))
    expect([n, errors]).toEqual([2, ['HL_CLIENT_DATA_INVALID']])
  })

  it('gets exactly the values that send took, in their order, and no other', async () => {
    const events = defineEvents({
      record: z.object({
        text: z.string(),
        list: z.array(z.union([z.number(), z.boolean(), z.null()])).default([]),
        map: z.record(z.string(), z.number()).optional(),
        trimmed: z.string().trim(),
        at: z.coerce.date(),
      }),
      text: z.string().max(40),
      message: z.number(),
    })
    const text = fc.string({ unit: 'binary', maxLength: 60 })
    // JSON has no -0.
    const number = fc.double().filter((n) => !Object.is(n, -0))
    const value = fc.oneof(
      fc.record({ type: fc.constant('text' as const), data: text }),
      fc.record({ type: fc.constant('message' as const), data: number }),
      fc.record({
        type: fc.constant('record' as const),
        data: fc.record(
          {
            text,
            list: fc.array(fc.oneof(number, fc.boolean(), fc.constant(null))),
            map: fc.dictionary(text, fc.integer()),
            trimmed: text,
            at: fc.oneof(fc.date({ noInvalidDate: true }), fc.integer(), text),
          },
          { requiredKeys: ['text', 'trimmed', 'at'] },
        ),
      }),
      fc.record({ type: text, data: fc.jsonValue() }),
    )
    let wanted: readonly unknown[] = []
    let sent: unknown[] = []
    const url = await open((request, response) =>
      stream(
        request,
        response,
        typedHandler(events, (session) => {
          for (const { type, data } of wanted as { type: 'text'; data: string }[]) {
            try {
              session.send(type, data)
            } catch (error) {
              expect(error).toMatchObject({ code: expect.stringMatching(/^HL_EVENTS_/) as string })
              continue
            }
            const { value: output } = events.schemas[type]['~standard'].validate(data) as never
            sent.push({ type, data: output })
          }
        }),
        { closeWhenDone: true },
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 30 }), async (values) => {
        wanted = values
        sent = []
        const client = createClient({ url, schemas: events.schemas })
        const problems: unknown[] = []
        client.onError((error) => problems.push(error))
        const got: unknown[] = []
        const end = new Promise<void>((resolve) => {
          client.onState(({ name }) => {
            if (name === 'waiting' || name === 'closed') resolve()
          })
        })
        client.on('*', (data, { type }) => void got.push({ type, data }))
        await end
        client.close()
        expect(problems).toEqual([])
        expect(got).toEqual(sent)
      }),
      { numRuns: 60 },
    )
  })
})
