import { createClient, type ClientOptions } from '@heartline/client'
import { typedHooks } from '@heartline/react'
import { createNodeSession, stream, type Session } from '@heartline/session'
import { stream as streamOfFetch } from '@heartline/session/fetch'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { defineEvents, toEvent, typedHandler, typedSession } from '../src/index.ts'
import type { EventsOf, InputOf, OutputOf, TypedSession } from '../src/index.ts'
import { libraries } from './kit.ts'

// Nothing here runs: the compiler is the test, and each line that has to fail says so.

interface Tick {
  n: number
  note?: string | undefined
}
type AnySession = TypedSession<Record<never, never>, Session>
declare const request: IncomingMessage
declare const response: ServerResponse

const never = (): boolean => false

it('infers from zod, valibot and arktype what is sent and what is read', () => {
  type Zod = EventsOf<typeof libraries.zod>
  type Valibot = EventsOf<typeof libraries.valibot>
  type Arktype = EventsOf<typeof libraries.arktype>
  expectTypeOf<Zod['tick']>().toExtend<Tick>()
  expectTypeOf<Valibot['tick']>().toExtend<Tick>()
  expectTypeOf<Arktype['tick']>().toExtend<Tick>()
  expectTypeOf<Zod['done']>().toEqualTypeOf<'good' | 'bad'>()
  expectTypeOf<Valibot['done']>().toEqualTypeOf<'good' | 'bad'>()
  expectTypeOf<Arktype['done']>().toEqualTypeOf<'good' | 'bad'>()
  expectTypeOf<keyof Zod>().toEqualTypeOf<'tick' | 'done'>()
})

it('tells what is given from what comes out, also in a pair', () => {
  const receive = z.iso.datetime().transform((text) => new Date(text))
  const events = defineEvents({
    plain: z.object({ role: z.string().default('reader') }),
    pair: { send: z.date(), receive },
  })
  type Events = typeof events
  expectTypeOf<InputOf<Events, 'plain'>>().toEqualTypeOf<{ role?: string | undefined }>()
  expectTypeOf<OutputOf<Events, 'plain'>>().toEqualTypeOf<{ role: string }>()
  expectTypeOf<InputOf<Events, 'pair'>>().toEqualTypeOf<Date>()
  expectTypeOf<OutputOf<Events, 'pair'>>().toEqualTypeOf<Date>()
  expectTypeOf(events.schemas.pair).toEqualTypeOf<typeof receive>()
})

it('lets a session send only what was defined', () => {
  if (never()) {
    const session = typedSession(libraries.zod, createNodeSession(request, response))
    expectTypeOf(session.send('tick', { n: 1 })).toEqualTypeOf<'written' | 'waiting' | 'over'>()
    session.send('done', 'good', { id: '1', retry: 5 })
    // @ts-expect-error There is no such event.
    session.send('tock', { n: 1 })
    // @ts-expect-error It is a number.
    session.send('tick', { n: '1' })
    // @ts-expect-error It is the data of another event.
    session.send('tick', 'good')
    // @ts-expect-error It needs a value.
    session.send('tick')
    // @ts-expect-error The type stands before the value.
    session.send({ type: 'tick', data: '{"n":1}' })
    // @ts-expect-error An id is text.
    session.send('tick', { n: 1 }, { id: 1 })
    // @ts-expect-error The same for those that answer later.
    void session.sendAsync('done', 'ugly')
    void session.stream([{ type: 'tick', data: { n: 1 }, id: '1' }], { endWhenDone: true } as never)
    // @ts-expect-error And for sources.
    void session.stream([{ type: 'done', data: { n: 1 } }])
    session.close('finished', { graceMs: 5 })
    // @ts-expect-error The reasons are those of the session.
    session.close('because')
    expectTypeOf(session.session).toEqualTypeOf<Session>()
    expectTypeOf<AnySession['closed']>().toEqualTypeOf<Session['closed']>()
    // @ts-expect-error Also without a session.
    toEvent(libraries.valibot, 'tick', { n: 'x' })
  }
})

it('knows the session and the request in a handler of any stream', () => {
  if (never()) {
    void stream(
      request,
      response,
      typedHandler(libraries.arktype, (session, signal, context) => {
        session.send('tick', { n: 1 })
        // @ts-expect-error It is a number.
        session.send('tick', { n: 'x' })
        session.session.setHeartbeat(9_000)
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
        expectTypeOf(context.headers.accept).toEqualTypeOf<string | undefined>()
      }),
    )
    void streamOfFetch(
      new Request('http://localhost'),
      typedHandler(libraries.zod, async (session, _, context) => {
        session.send('done', 'bad')
        expectTypeOf(context).toEqualTypeOf<Request>()
        await session.closed
      }),
      { closeWhenDone: true },
    )
  }
})

it('types the client by its schemas alone', () => {
  if (never()) {
    const client = createClient({ url: '/ticks', schemas: libraries.zod.schemas })
    client.on('tick', (tick) => expectTypeOf(tick).toExtend<Tick>())
    client.on('done', (done) => expectTypeOf(done).toEqualTypeOf<'good' | 'bad'>())
    // @ts-expect-error There is no such event.
    client.on('tock', () => {})
    const third = createClient({ url: '/ticks', schemas: libraries.valibot.schemas })
    third.on('done', (done) => expectTypeOf(done).toEqualTypeOf<'good' | 'bad'>())
    const other = createClient({ url: '/ticks', schemas: libraries.arktype.schemas })
    other.on('tick', (tick) => expectTypeOf(tick).toExtend<Tick>())
  }
  type Options = ClientOptions<EventsOf<typeof libraries.zod>>
  expectTypeOf<(typeof libraries.zod)['schemas']>().toExtend<NonNullable<Options['schemas']>>()
})

it('types the client and the hooks by its name', () => {
  type Events = EventsOf<typeof libraries.zod>
  if (never()) {
    const { schemas } = libraries.zod
    createClient<Events>({ url: '/ticks', schemas }).on('tick', ({ n }) => n.toFixed())
    const { useLatest } = typedHooks<Events>()
    expectTypeOf(useLatest('done')).toEqualTypeOf<'good' | 'bad' | undefined>()
    // @ts-expect-error There is no such event.
    useLatest('tock')
  }
})
