import { afterEach, describe, expect, it } from 'vitest'
import type { Session, SessionOptions } from '../src/index.ts'
import { sleep, until } from './kit/reader.ts'
import type { Client, ConnectOptions, Handler, Served, Target } from './kit/target.ts'
import { targets } from './kit/targets.ts'

interface Opened {
  readonly session: Session
  readonly client: Client
  readonly served: Served
}

describe.each(targets)('A session over $name', (target: Target) => {
  const open: Served[] = []

  afterEach(async () => {
    await Promise.all(open.splice(0).map((served) => served.close()))
  })

  async function serve(handler: Handler): Promise<Served> {
    const served = await target.serve(handler)
    open.push(served)
    return served
  }

  async function connect(
    options: SessionOptions = {},
    connection: ConnectOptions = {},
  ): Promise<Opened> {
    let session: Session | undefined
    const served = await serve((exchange) => void (session = exchange.open(options)))
    const client = served.connect(connection)
    await client.head
    return { session: session!, client, served }
  }

  it('sends the head and the first bytes at once', async () => {
    const { session, client } = await connect({
      heartbeatMs: 7_000,
      retryMs: 1_000,
      random: () => 0.5,
    })
    const { status, headers } = await client.head
    await until(() => client.received.text !== '')
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-store, no-transform',
      'x-accel-buffering': 'no',
      'heartline-session': session.id,
      'heartline-heartbeat': '7000',
    })
    expect(headers['content-length']).toBeUndefined()
    expect(headers['connection']).toBe(
      target.http1 || target.name.includes('behind') ? 'keep-alive' : undefined,
    )
    expect(client.received.text).toBe(': heartline heartbeat=7000\nretry: 1250\n\n')
    expect(session).toMatchObject({
      isOpen: true,
      isOver: false,
      protocol: target.protocol,
      framing: target.framing,
      end: undefined,
    })
    expect(session.remoteAddress).toBe(target.protocol === 'fetch' ? undefined : '127.0.0.1')
  })

  it('delivers events, comments and delays in order', async () => {
    const { session, client } = await connect()
    expect(session.send({ id: '1', type: 'greeting', data: 'hello\nworld' })).toMatch(/wr|wa/)
    session.comment('nobody sees this')
    session.retry(777)
    session.send({ data: '\u00e4\u{1f600}' })
    await until(() => client.received.events.length === 2)
    expect(client.received.events).toEqual([
      { type: 'greeting', data: 'hello\nworld', lastEventId: '1' },
      { type: 'message', data: '\u00e4\u{1f600}', lastEventId: '1' },
    ])
    expect(client.received.text).toContain(': nobody sees this\n\nretry: 777\n\n')
  })

  it('ends in good order when it is closed, with the last words delivered', async () => {
    const { session, client } = await connect()
    session.send({ data: 'one' })
    session.close('finished', { final: 'data: two\n\n' })
    expect(session.isOver).toBe(true)
    expect(session.send({ data: 'late' })).toBe('over')
    await until(() => client.finished)
    expect(client.received.events.map((event) => event.data)).toEqual(['one', 'two'])
    await expect(session.closed).resolves.toMatchObject({ reason: 'finished' })
  })

  it('notices when the reader leaves', async () => {
    const { session, client } = await connect()
    const ends: string[] = []
    session.observe({
      onWritable: () => undefined,
      onEnd: (_, end) => void ends.push(end.reason),
    })
    const { signal } = session
    await until(() => client.received.text !== '')
    client.leave()
    await expect(session.closed).resolves.toMatchObject({ reason: 'disconnected' })
    expect(signal.aborted).toBe(true)
    expect(session.send({ data: 'late' })).toBe('over')
    expect(session.writeFramed(new Uint8Array(3))).toBe(false)
    await expect(session.ready()).resolves.toBe(false)
    await sleep(20)
    expect(ends).toEqual(['disconnected'])
  })

  it('is over from the start when the reader left during an awaited check', async () => {
    let session: Session | undefined
    let arrived = false
    let proceed = (): void => undefined
    const checked = new Promise<void>((resolve) => (proceed = resolve))
    const served = await serve(async (exchange) => {
      arrived = true
      await checked
      session = exchange.open()
    })
    const client = served.connect()
    await until(() => arrived)
    client.leave()
    await sleep(100)
    proceed()
    await until(() => session !== undefined)
    expect(session).toMatchObject({ isOver: true, isOpen: false, isBlocked: false })
    expect(session?.end).toMatchObject({ reason: 'disconnected' })
    expect(session?.signal.aborted).toBe(true)
    await expect(session?.closed).resolves.toMatchObject({ reason: 'disconnected' })
    await expect(session?.ready()).resolves.toBe(false)
  })

  it.each([
    { name: 'a POST whose body was sent', connection: { method: 'POST', body: 'hello' } },
    {
      name: 'a POST whose body never ends',
      connection: { method: 'POST', body: 'x', openBody: true },
    },
  ])('streams to $name, and notices the end', async ({ connection }) => {
    const { session, client } = await connect({}, connection)
    session.send({ data: 'one' })
    await until(() => client.received.events.length === 1)
    await sleep(30)
    expect(session.isOpen).toBe(true)
    client.leave()
    await expect(session.closed).resolves.toMatchObject({ reason: 'disconnected' })
  })

  it('aborts its signal while the handler waits for something else', async () => {
    let reason: unknown
    const served = await serve(async (exchange) => {
      const { signal } = exchange.open()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      reason = signal.reason
    })
    const client = served.connect()
    await until(() => client.received.text !== '')
    client.leave()
    await until(() => reason !== undefined)
    expect(reason).toMatchObject({ code: 'HL_SESSION_ENDED', details: { reason: 'disconnected' } })
  })

  it('answers a HEAD request with the head only', async () => {
    const { session, client } = await connect({}, { method: 'HEAD' })
    const { status, headers } = await client.head
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/event-stream')
    expect(session.end).toMatchObject({ reason: 'finished' })
    await until(() => client.gone)
    expect(client.received.text).toBe('')
  })

  /** Writes until the session's own queue holds something. */
  function fill(session: Session, size = 65_536): number {
    let sent = 0
    while (session.pendingBytes === 0) {
      const result = session.send({ id: String(sent), data: 'x'.repeat(size) })
      if (result === 'over') throw new Error('over')
      sent++
    }
    return sent
  }

  /** Writes until the reader, not the event loop, is what the session waits for. */
  async function stall(session: Session): Promise<number> {
    let sent = 0
    for (;;) {
      while (!session.isBlocked) session.send({ id: String(sent++), data: 'x'.repeat(65_536) })
      const freed = await Promise.race([session.ready(), sleep(200).then(() => undefined)])
      if (freed !== true) return sent
    }
  }

  it('delivers everything in order to a reader that stalls and comes back', async () => {
    const { session, client } = await connect({}, { paused: true })
    let sent = await stall(session)
    for (let i = 0; i < 5; i++) session.send({ id: String(sent++), data: `queued ${i}` })
    expect(session.isBlocked).toBe(true)
    expect(session.pendingBytes).toBeGreaterThan(0)
    let writable = 0
    session.observe({ onWritable: () => void writable++, onEnd: () => undefined })
    client.resume()
    await expect(session.ready()).resolves.toBe(true)
    expect(writable).toBeGreaterThan(0)
    expect(session.pendingBytes).toBe(0)
    session.send({ id: String(sent++), data: 'after' })
    await until(() => client.received.events.length === sent)
    expect(client.received.events.map((event) => event.lastEventId)).toEqual(
      Array.from({ length: sent }, (_, i) => String(i)),
    )
    session.close()
    await until(() => client.finished)
  })

  it('ends with `slow` when more waits for a stalled reader than it may cost', async () => {
    const { session } = await connect({ maxPendingBytes: 100_000 }, { paused: true })
    await stall(session)
    const results: string[] = []
    while (session.isOpen) results.push(session.send({ data: 'x'.repeat(10_000) }))
    expect(results.length).toBeLessThan(15)
    expect(results.at(-1)).toBe('over')
    expect(session.end).toMatchObject({ reason: 'slow' })
    expect(session.pendingBytes).toBe(0)
  })

  it('notices a reader that leaves while it is stalled, and answers who waits', async () => {
    const { session, client } = await connect({}, { paused: true })
    await stall(session)
    fill(session)
    const waiting = session.ready()
    client.leave()
    await expect(waiting).resolves.toBe(false)
    expect(session.end?.reason).toMatch(/disconnected|error/)
    expect(session.pendingBytes).toBe(0)
  })

  it('cuts a reader that was stalled too long', async () => {
    const { session, client } = await connect({ maxBlockedMs: 400 }, { paused: true })
    const before = Date.now()
    await stall(session)
    await expect(session.closed).resolves.toMatchObject({ reason: 'blocked' })
    expect(Date.now() - before).toBeGreaterThan(350)
    client.resume()
    await until(() => client.gone)
    expect(client.finished).toBe(false)
  })

  it('cuts a stalled reader when the grace of a close is over', async () => {
    const { session, client } = await connect({}, { paused: true })
    await stall(session)
    session.close('ended', { graceMs: 200 })
    expect(session.end).toMatchObject({ reason: 'ended' })
    await sleep(600)
    client.resume()
    await until(() => client.gone)
    expect(client.finished).toBe(false)
  })

  it('delivers what waits within the grace of a close', async () => {
    const { session, client } = await connect({}, { paused: true })
    await stall(session)
    session.send({ id: 'queued', data: 'queued' })
    session.close('finished', { final: 'data: last\n\n' })
    client.resume()
    await until(() => client.finished)
    expect(client.received.events.slice(-2).map((event) => event.data)).toEqual(['queued', 'last'])
  })

  it('tells a reader when to come back and drains', async () => {
    const { session, client } = await connect({ random: () => 0.5 })
    session.drain({ retryMs: 4_000 })
    session.drain()
    await until(() => client.finished)
    expect(session.end).toMatchObject({ reason: 'drained' })
    expect(client.received.text).toContain(
      'event: heartline.drain\nretry: 5000\ndata: {"retryMs":5000}\n\n',
    )
  })

  it('drains readers of GraphQL without an event that they do not know', async () => {
    const { session, client } = await connect({ random: () => 0, heartbeatKind: 'ping' })
    session.drain({ retryMs: 4_000 })
    await until(() => client.finished)
    expect(client.received.text).toMatch(/\n\nretry: 4000\n\n$/)
    expect(client.received.events).toEqual([])
  })

  it('refuses what cannot be put on the wire, and writes nothing of it', async () => {
    const { session, client } = await connect()
    expect(() => session.send({ type: 'a\ndata: injected', data: 'x' })).toThrow(
      expect.objectContaining({ code: 'HL_EVENT_FIELD_INVALID' }),
    )
    session.send({ data: 'fine' })
    await until(() => client.received.events.length === 1)
    expect(client.received.text).not.toContain('injected')
  })
})
