import { once } from 'node:events'
import { connect } from 'node:net'
import { createMemoryBroker } from '@heartline/broker'
import { createHub, type Hub } from '@heartline/hub'
import { StreamMetrics, type Session, type StreamHandler } from '@heartline/session'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sleep, until } from '../../packages/session/test/kit/reader.ts'
import { Again, Client, type Ask } from './client.ts'
import { Leftovers, listenersOf } from './leftovers.ts'
import { ORIGIN, type AdapterTarget, type Application } from './target.ts'
import { describeUnkindReaders } from './unkind-readers.ts'
import { vanish, vanishOne } from './vanishing.ts'

/** Of Node about itself; of h3 1, which says `Method not allowed` over HTTP/2. */
const NOT_OURS = /ExperimentalWarning|UnsupportedWarning: Status message/

/** The one body of tests, for all adapters: those of one framework run in a process of their own. */
export function describeAdapters(targets: readonly AdapterTarget[]): void {
  const named = targets.map((target) => [`${target.name}, HTTP/${target.http}`, target] as const)
  describe.each(named)('%s', (_, target) => {
    let hub: Hub
    let application: Application
    let metrics: StreamMetrics
    let handler: StreamHandler
    let errors: unknown[]
    const clients: Client[] = []
    const warnings: string[] = []
    const rejections: unknown[] = []
    const onWarning = (warning: Error): void => void warnings.push(String(warning))
    const onRejection = (reason: unknown): void => void rejections.push(reason)

    const ask = (what: Ask = {}): Client => {
      const client = new Client(target.http, application.port, what)
      clients.push(client)
      return client
    }
    const subscribe = (more: Ask = {}): Client =>
      ask({ path: '/events?topic=news', headers: { authorization: 'yes' }, ...more })
    const counts = () => metrics.counts('adapter')!

    beforeEach(async () => {
      hub = await createHub({ broker: createMemoryBroker() })
      errors = []
      metrics = new StreamMetrics({ onError: (error) => void errors.push(error) })
      handler = (session) => void session.send({ data: 'hello' })
      const feed: StreamHandler = (session, signal, context) => handler(session, signal, context)
      const monitor = metrics.monitor('adapter')
      application = await target.start({ hub, monitor, handler: feed })
      process.on('warning', onWarning)
      process.on('unhandledRejection', onRejection)
    })

    afterEach(async () => {
      for (const client of clients.splice(0)) client.leave()
      await Promise.race([application.close(), sleep(5_000)])
      await hub.close()
      process.off('warning', onWarning)
      process.off('unhandledRejection', onRejection)
      expect(rejections.splice(0)).toEqual([])
      const ours = warnings.splice(0).filter((text) => !NOT_OURS.test(text))
      expect(ours).toEqual([])
    })

    it('opens a session and subscribes it to a hub', async () => {
      const client = subscribe()
      const { status, headers } = await client.head
      expect(status).toBe(200)
      expect(headers['content-type']).toBe('text/event-stream')
      expect(headers['cache-control']).toContain('no-transform')
      expect(headers['x-accel-buffering']).toBe('no')
      expect(headers['content-encoding']).toBeUndefined()
      expect(headers['content-length']).toBeUndefined()
      await until(() => hub.stats().sessions === 1)
      await hub.publish([{ topic: 'news', data: { score: '2:1' } }])
      await until(() => client.data.includes('{"score":"2:1"}'))
    })

    it('resumes from Last-Event-ID', async () => {
      const first = subscribe()
      await until(() => hub.stats().sessions === 1 && first.received.events.length > 0)
      await hub.publish([{ topic: 'news', data: 'one' }])
      await until(() => first.data.includes('"one"') || first.data.includes('one'))
      const { lastEventId } = first.received.events.at(-1)!
      first.leave()
      await hub.publish([{ topic: 'news', data: 'two' }])
      const headers = { authorization: 'yes', 'last-event-id': lastEventId }
      const second = subscribe({ headers })
      await until(() => second.data.some((data) => data.includes('two')))
      expect(second.data.some((data) => data.includes('one'))).toBe(false)
    })

    it("runs the framework's own authentication before the head", async () => {
      expect((await subscribe({ headers: {} }).head).status).toBe(401)
      expect(counts().opened).toBe(0)
    })

    it('answers what the hub refuses with a real status', async () => {
      expect((await subscribe({ path: '/events' }).head).status).toBe(400)
      const headers = { authorization: 'yes', 'last-event-id': 'nonsense!' }
      expect((await subscribe({ headers }).head).status).toBe(400)
    })

    it('keeps the headers of CORS and of helmet', async () => {
      for (const client of [subscribe(), ask()]) {
        const { headers } = await client.head
        expect(headers['access-control-allow-origin']).toBe(ORIGIN)
        expect(headers['access-control-expose-headers']).toContain('Heartline-Session')
        if (target.helmet !== undefined) expect(headers[target.helmet]).toBeDefined()
      }
    })

    it('is not buffered by compression', async () => {
      const page = await ask({ path: '/page', headers: { accept: '*/*' } }).head
      expect(page.status).toBe(200)
      expect(page.headers['content-encoding']).toMatch(/^(br|gzip|deflate)$/)
      const results: unknown[] = []
      handler = async (session) => {
        for (let i = 0; i < 5; i++) {
          results.push(session.send({ data: `event ${i}` }))
          await sleep(10)
        }
      }
      const client = ask()
      await until(() => client.data.length === 5)
      expect(client.data[4]).toBe('event 4')
      expect(results).toEqual(Array.from({ length: 5 }, () => 'written'))
      expect((await client.head).headers['content-encoding']).toBeUndefined()
    })

    it('sends the first bytes before the first event', async () => {
      handler = () => new Promise(() => {})
      const client = ask()
      await until(() => client.received.text.includes('retry:'))
      expect(client.received.comments[0]).toContain('heartline heartbeat=15000')
    })

    it('does not end because the handler returned', async () => {
      let session: Session | undefined
      handler = (opened) => {
        session = opened
      }
      const client = ask()
      await until(() => client.received.text.includes('retry:'))
      await sleep(150)
      expect(client.isGone).toBe(false)
      session!.send({ data: 'later' })
      await until(() => client.data.includes('later'))
      session!.close()
      await until(() => client.isFinished)
      expect(session!.send({ data: 'too late' })).toBe('over')
    })

    it('cancels the work when the reader goes', async () => {
      let reason: { code?: string } | undefined
      handler = async (session, signal) => {
        session.send({ data: 'here' })
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        reason = signal.reason as object
      }
      const client = ask()
      await until(() => client.data.length === 1)
      client.leave()
      await until(() => reason !== undefined)
      expect(reason!.code).toBe('HL_SESSION_ENDED')
      await until(() => counts().handlers === 0)
      expect(counts()).toMatchObject({ open: 0, ended: { disconnected: 1 }, errors: 0 })
    })

    it('cancels the work of a reader that is stalled when it goes', async () => {
      let session: Session | undefined
      let isDone = false
      handler = async (opened, signal) => {
        session = opened
        const chunk = 'x'.repeat(65_536)
        while (!signal.aborted) {
          opened.send({ data: chunk })
          if (opened.isBlocked) await opened.ready()
        }
        isDone = true
      }
      const client = ask({ isPaused: true })
      await until(() => session?.isBlocked === true)
      expect(session!.pendingBytes).toBeLessThan(2 * 1_048_576)
      client.leave()
      await until(() => isDone)
      await until(() => counts().open === 0)
    })

    it('answers a handler that throws before the head with a real 500', async () => {
      let calls = 0
      handler = async () => {
        calls++
        await Promise.resolve()
        throw new Error('no database')
      }
      const client = ask()
      expect((await client.head).status).toBe(500)
      expect(calls).toBe(1)
      expect(counts()).toMatchObject({ opened: 0, handlers: 0, errors: 0 })
      expect(client.received.text).not.toContain('no database\n    at')
    })

    it('ends the stream of a handler that throws after the head, and reports it', async () => {
      const failure = new Error('lost the database')
      handler = async (session) => {
        session.send({ data: 'one' })
        await sleep(10)
        throw failure
      }
      const client = ask()
      await until(() => client.isGone)
      expect(client.data).toEqual(['one'])
      expect(errors).toEqual([failure])
      expect(counts().ended).toEqual({ 'handler-error': 1 })
    })

    it('refuses who does not accept a stream with 406', async () => {
      for (const path of ['/stream', '/events?topic=news']) {
        const headers = { authorization: 'yes', accept: 'application/json' }
        expect((await ask({ path, headers }).head).status).toBe(406)
      }
      const headers = { accept: 'text/html, */*;q=0.1' }
      expect((await ask({ headers }).head).status).toBe(200)
    })

    it('refuses the wrong method', async () => {
      const { status } = await subscribe({ method: 'DELETE' }).head
      expect([404, 405]).toContain(status)
    })

    it('streams in answer to a POST whose body was read', async () => {
      const client = ask({ method: 'POST', body: '{"question":"?"}' })
      await until(() => client.data.includes('hello'))
      await sleep(100)
      expect(client.isGone).toBe(false)
      expect(counts().open).toBe(1)
    })

    it('refuses what cannot be put on the wire, and writes nothing of it', async () => {
      const codes: unknown[] = []
      handler = (session) => {
        for (const event of [
          { type: 'a\ndata: injected', data: '' },
          { type: 'a\rid: 7', data: '' },
          { id: '1\n\ndata: injected', data: '' },
          { id: 'nul\0', data: '' },
        ]) {
          try {
            session.send(event)
          } catch (error) {
            codes.push((error as { code?: string }).code)
          }
        }
        session.send({ data: 'a\r\nb\rc\nd' })
      }
      const client = ask()
      await until(() => client.data.length === 1)
      expect(codes).toEqual(Array.from({ length: 4 }, () => 'HL_EVENT_FIELD_INVALID'))
      expect(client.data).toEqual(['a\nb\nc\nd'])
    })

    it('ends 100 streams in under a second when the framework closes', async () => {
      const readers = Array.from({ length: 100 }, (_n, i) => (i % 2 === 0 ? subscribe() : ask()))
      await until(() => counts().open === 100)
      await until(() => readers.every(({ received }) => received.text.includes('retry:')))
      const start = performance.now()
      await application.close()
      expect(performance.now() - start).toBeLessThan(3_000)
      await until(() => readers.every(({ isGone }) => isGone))
      expect(readers.every(({ received }) => received.text.includes('heartline.drain'))).toBe(true)
      expect(counts()).toMatchObject({ open: 0, ended: { drained: 100 } })
      expect(hub.stats().sessions).toBe(0)
    })

    it('does not wait for connections without a stream when it closes', async () => {
      handler = (session) => {
        session.send({ data: 'one' })
        if (counts().opened > 1) session.close()
      }
      const open = ask()
      await until(() => open.data.length === 1)
      const idle = new Again(target.http, application.port)
      await idle.read('/stream')
      // Browsers open some ahead of their next request.
      const silent = connect(application.port, '127.0.0.1').on('error', () => undefined)
      await once(silent, 'connect')
      await sleep(50)
      const start = performance.now()
      await application.close()
      expect(performance.now() - start).toBeLessThan(3_000)
      await until(() => open.isGone)
      idle.end()
      silent.destroy()
    }, 15_000)

    it('counts heartbeats, how long a stream was open and why it ended', async () => {
      handler = (session) => session.setHeartbeat(1_000)
      const client = ask()
      await until(() => client.received.comments.some((comment) => /^ ?hb \d+$/.test(comment)))
      expect(counts().heartbeats).toBeGreaterThanOrEqual(1)
      client.leave()
      await until(() => counts().open === 0)
      expect(counts().ended).toEqual({ disconnected: 1 })
      expect(counts().durationMsSum).toBeGreaterThanOrEqual(900)
      expect(counts().durationMsSum).toBeLessThan(30_000)
      expect(metrics.expose()).toContain(
        'heartline_streams_ended_total{adapter="adapter",reason="disconnected"} 1\n',
      )
    })

    it('keeps nothing of 200 readers that vanish', async () => {
      handler = async (session, signal) => {
        session.send({ data: 'here' })
        const tick = setInterval(() => session.comment('tick'), 20)
        session.onCleanup(() => clearInterval(tick))
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      }
      await application.close().catch(() => undefined)
      application = await target.start({
        hub,
        monitor: metrics.monitor('adapter'),
        handler: (session, signal, context) => handler(session, signal, context),
      })
      const leftovers = new Leftovers(application.emitter)
      try {
        await expectNothingLeft(leftovers)
      } finally {
        leftovers.stop()
      }
    })

    async function expectNothingLeft(leftovers: Leftovers): Promise<void> {
      const { http } = target
      const { port } = application
      const isQuiet = (): boolean => counts().open === 0 && counts().handlers === 0
      // Warms up whatever is made once; and what a framework leaves by itself for each connection.
      for (let i = 0; i < 3; i++) await vanishOne(http, port, 'fin')
      await until(isQuiet)
      const cold = await leftovers.settled()
      for (let i = 0; i < 10; i++) await vanishOne(http, port, 'fin', '/events')
      const before = await leftovers.settled()
      const plain = Math.max(...leftovers.sockets.slice(3).map(listenersOf))
      const served = await vanish(http, port)
      await until(isQuiet, 'sessions and handlers')
      const ended = Object.values(counts().ended).reduce((all, n) => all + n, 0)
      expect([counts().opened, ended]).toEqual([served + 3, served + 3])
      expect(Object.keys(counts().ended)).toEqual(['disconnected'])
      expect(hub.stats().sessions).toBe(0)
      expect(leftovers.sockets.length).toBe(213)
      const timers = before['timers']! + 20 * (before['timers']! - cold['timers']!)
      const after = await leftovers.settled({ ...before, timers })
      expect(after).toEqual({ ...before, timers: Math.min(after['timers']!, timers) })
      // Node leaves one of its own where a response was open.
      expect(Math.max(...leftovers.sockets.map(listenersOf))).toBeLessThanOrEqual(plain + 1)
    }

    it('leaves no listeners on a connection that is used again', async () => {
      handler = (session) => {
        session.send({ data: 'one' })
        session.close()
      }
      const leftovers = new Leftovers(application.emitter)
      const again = new Again(target.http, application.port)
      try {
        await again.read('/stream')
        await again.read('/stream')
        await sleep(50)
        const socket = leftovers.sockets[0]!
        const before = listenersOf(socket)
        for (let i = 0; i < 20; i++) await again.read('/stream')
        await sleep(50)
        expect(leftovers.sockets.length).toBe(1)
        expect(listenersOf(socket)).toBe(before)
        await until(() => leftovers.count()['signals'] === 0)
      } finally {
        again.end()
        leftovers.stop()
      }
    })
  })
  describeUnkindReaders(targets)
}
