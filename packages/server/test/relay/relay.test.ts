import { rm } from 'node:fs/promises'
import { createServer as createTcpServer, connect, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { brokerErrors, createMemoryBroker, type Entry, type NewEntry } from '@heartline/broker'
import type { RelayReport } from '@heartline/broker-relay'
import { openDiskBroker } from '@heartline/broker-disk'
import { HeartlineError } from '@heartline/wire'
import { describe, expect, it } from 'vitest'
import { createServer, type HeartlineServer } from '../../src/server.ts'
import { bearer, call, post, SECRET, sign, toConfig } from '../kit.ts'
import { closeLater, openRelay, startUpstream, temporaryDirectory } from './kit.ts'

const entry = (data: string, more: Partial<NewEntry> = {}): NewEntry => ({
  topics: ['t'],
  data,
  ...more,
})

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return error instanceof HeartlineError ? error.code : String(error)
}

/** A server whose log is that of another. */
async function startRelayServer(
  upstream: { url: string },
  tree: Record<string, unknown> = {},
): Promise<HeartlineServer> {
  const server = await createServer(toConfig({ upstream: { url: upstream.url }, ...tree }))
  closeLater(() => server.stop())
  return server
}

/** Reads a stream until it has said `count` events, and answers their data and the last cursor. */
async function readStream(
  server: HeartlineServer,
  query: string,
  count: number,
): Promise<{ data: string[]; cursor: string; types: string[] }> {
  const abort = new AbortController()
  const response = await fetch(`${server.url}/v1/events?topic=t&${query}`, { signal: abort.signal })
  const found = { data: [] as string[], cursor: '', types: [] as string[] }
  let text = ''
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) take(block, found)
    if (found.data.length >= count) break
  }
  abort.abort()
  return found
}

function take(block: string, found: { data: string[]; cursor: string; types: string[] }): void {
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]
  const type = field('event')
  found.cursor = field('id') ?? found.cursor
  if (type !== undefined) found.types.push(type)
  if (type === undefined && field('data') !== undefined) found.data.push(field('data') ?? '')
}

/** Something between a relay and its upstream that can be cut and mended. */
class Cable {
  readonly #target: number
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0
  /** Answers are thrown away, the connection is cut after so many bytes of them. */
  cutsAnswers = false

  constructor(url: string) {
    this.#target = Number(new URL(url).port)
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async plug(): Promise<void> {
    const server = createTcpServer((near) => this.#join(near))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (server.address() as { port: number }).port
    closeLater(() => this.cut())
  }

  async cut(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()))
  }

  #join(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1')
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    }
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
    let isAppend = false
    near.on('data', (bytes) => {
      isAppend ||= bytes.toString('latin1').startsWith('POST')
      far.write(bytes)
    })
    far.on('data', (bytes) => {
      if (isAppend && this.cutsAnswers) near.destroy()
      else near.write(bytes)
    })
  }
}

describe('a hub and its relays', () => {
  it('have one log: what is published at one is read at all, under the same cursor', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const [first, second] = [await startRelayServer(upstream), await startRelayServer(upstream)]
    const ids: string[] = []
    for (const [n, server] of [upstream, first, second, first].entries()) {
      ids.push((await post(server, { topic: 't', data: `${n}` })).json.id)
    }
    for (const server of [upstream, first, second]) {
      const { data, cursor } = await readStream(server, 'since=earliest', 4)
      expect(data).toEqual(['0', '1', '2', '3'])
      expect(cursor).toBe(ids[3])
      const rest = await readStream(server, `lastEventId=${ids[1]}`, 2)
      expect(rest.data).toEqual(['2', '3'])
      expect(rest.types).not.toContain('heartline.gap')
    }
  })

  it('need one stream, however many readers a relay has', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const relay = await startRelayServer(upstream)
    const readers = Array.from({ length: 20 }, () => readStream(relay, '', 1))
    await expect.poll(() => relay.hub.stats().sessions).toBe(20)
    await post(upstream, { topic: 't', data: 'x' })
    expect((await Promise.all(readers)).map(({ data }) => data)).toEqual(
      Array.from({ length: 20 }, () => ['x']),
    )
    expect(upstream.hub.stats().sessions).toBe(0)
  })

  it('keep private events, latest values and history working at the relay', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const namespaces = [{ topics: 't', history: 'latest' }]
    await upstream.hub.publish([
      { topic: 't', data: 'old', key: 'a', private: true },
      { topic: 't', data: 'new', key: 'a', private: true },
    ])
    const relay = await startRelayServer(upstream, { namespaces })
    expect((await readStream(relay, '', 1)).data).toEqual(['new'])
    const history = await call(relay, '/v1/history?topic=t')
    expect(history.json.events).toMatchObject([{ data: 'new', private: true, key: 'a' }])
  })

  it('may stand in a row', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const middle = await startRelayServer(upstream)
    const cable = new Cable(middle.url)
    await cable.plug()
    const far = await startRelayServer(cable)
    const { id } = (await post(far, { topic: 't', data: '1' })).json
    await post(upstream, { topic: 't', data: '2' })
    await cable.cut()
    await post(middle, { topic: 't', data: '3' })
    const reading = readStream(far, `lastEventId=${id}`, 2)
    await cable.plug()
    expect((await reading).data).toEqual(['2', '3'])
    const readings = [upstream, middle, far].map((hub) => readStream(hub, 'since=earliest', 3))
    for (const { data } of await Promise.all(readings)) expect(data).toEqual(['1', '2', '3'])
  })

  it('are ready only while the stream of the log stands', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const cable = new Cable(upstream.url)
    await cable.plug()
    const relay = await startRelayServer(cable)
    expect((await call(relay, '/readyz')).status).toBe(200)
    await cable.cut()
    await expect.poll(async () => (await call(relay, '/readyz')).status).toBe(503)
    expect((await call(relay, '/livez')).status).toBe(200)
    await cable.plug()
    await expect
      .poll(async () => (await call(relay, '/readyz')).status, { timeout: 15_000 })
      .toBe(200)
  })
})

describe('rights', () => {
  it('are those of an administrator', async () => {
    const auth = { keys: { secret: SECRET } }
    const upstream = await startUpstream(createMemoryBroker(), { auth })
    const reader = await bearer({ subscribe: ['**'], publish: ['**'] })
    for (const path of ['/v1/log', '/v1/log/state', '/v1/log/entries', '/v1/log/locate']) {
      expect((await call(upstream, path)).json.code).toBe('HL_AUTH_REQUIRED')
      expect((await call(upstream, path, { headers: reader })).json.code).toBe('HL_ADMIN_REQUIRED')
    }
    const append = { method: 'POST', body: '[]', headers: { 'content-type': 'application/json' } }
    expect((await call(upstream, '/v1/log', append)).status).toBe(401)
    expect(await codeOf(openRelay(upstream.url))).toBe('HL_RELAY_REFUSED')
    const token = await sign({ admin: true })
    const relay = await openRelay(upstream.url, { token })
    await relay.append([entry('x')])
    expect((await relay.state()).last.offset).toBe(1)
  })
})

describe('appends through a relay', () => {
  it('that wait for one on its way go together', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const relay = await openRelay(upstream.url)
    const all = Array.from({ length: 500 }, (_, n) => relay.append([entry(`${n}`)]))
    const offsets = (await Promise.all(all)).map(([result]) => result?.position.offset)
    expect(offsets).toEqual(Array.from({ length: 500 }, (_, n) => n + 1))
    const { text } = await call(upstream, '/metrics')
    const [, requests] = /route="\/v1\/log",method="POST",status="200"} (\d+)/.exec(text) ?? []
    expect(Number(requests)).toBeGreaterThan(0)
    expect(Number(requests)).toBeLessThan(10)
    expect(/^heartline_relays (\d+)$/m.exec(text)?.[1]).toBe('1')
  })

  it('are throttled when too much of them waits', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const relay = await openRelay(upstream.url, { maxPendingBytes: 1_000 })
    const large = relay.append([entry('x'.repeat(2_000))])
    expect(await codeOf(relay.append([entry('y')]))).toBe(brokerErrors.throttled.code)
    await large
    await relay.append([entry('z')])
    expect((await relay.state()).last.offset).toBe(2)
  })

  it('that are refused do not take others of their request along', async () => {
    const upstream = await startUpstream(createMemoryBroker({ maxEntryBytes: 100 }))
    const relay = await openRelay(upstream.url)
    const first = relay.append([entry('1')])
    const bad = codeOf(relay.append([entry('x'.repeat(200))]))
    const good = relay.append([entry('2')])
    await first
    expect(await bad).toBe(brokerErrors.tooLarge.code)
    expect((await good)[0]?.position.offset).toBe(2)
  })
})

describe('a token', () => {
  it('is asked for on every connection', async () => {
    const upstream = await startUpstream(createMemoryBroker(), {
      auth: { keys: { secret: SECRET } },
    })
    const cable = new Cable(upstream.url)
    await cable.plug()
    const good = await sign({ admin: true })
    let token = good
    const reports: RelayReport[] = []
    const onReport = (report: RelayReport): void => void reports.push(report)
    await openRelay(cable.url, { token: () => token, maxRetryMs: 100, onReport })
    token = await sign({ admin: false })
    await cable.cut()
    await cable.plug()
    const refused = (report: RelayReport): boolean =>
      report.kind === 'lost' && report.reason.startsWith('HL_ADMIN_REQUIRED')
    await expect.poll(() => reports.some(refused), { timeout: 15_000 }).toBe(true)
    token = good
    await expect.poll(() => reports.at(-1)?.kind, { timeout: 15_000 }).toBe('connected')
  })
})

describe('the upstream', () => {
  it('answers the plain forms of its routes', async () => {
    const upstream = await startUpstream(createMemoryBroker({ epoch: 'e' }))
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify([entry('1', { key: 'k' }), entry('2', { topics: ['u'] })])
    const appended = await call(upstream, '/v1/log', { method: 'POST', body, headers })
    expect(appended.json).toMatchObject([
      { position: { offset: 1 }, duplicate: false },
      { position: { offset: 2 }, duplicate: false },
    ])
    const page = await call(upstream, '/v1/log/entries?after=0&topic=t&limit=5')
    expect(page.json).toMatchObject({
      entries: [{ offset: 1, topics: ['t'], data: '1', key: 'k' }],
      through: 2,
      done: true,
    })
    const state = await call(upstream, '/v1/log/state')
    expect(state.json).toMatchObject({ epoch: 'e', base: { offset: 0 }, last: { offset: 2 } })
    const { ms } = appended.json[0].position
    const place = await call(upstream, `/v1/log/locate?offset=1&ms=${ms}`)
    expect(place.json).toMatchObject({ status: 'ok', resume: { offset: 1 } })
  })

  it('refuses what is no entry, and stores nothing of it', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const bad: unknown[] = [
      [{ data: 'x' }],
      [{ topics: [], data: 'x' }],
      [{ topics: [1], data: 'x' }],
      [{ topics: ['t'] }],
      [entry('x'), { topics: ['t'], data: 1 }],
      [{ ...entry('x'), retry: -1 }],
      [{ ...entry('x'), type: {} }],
      [{ ...entry('x'), private: 'yes' }],
      {},
      { relay: 'r', seq: 1, appends: [{}] },
      { relay: '', seq: 1, appends: [] },
      null,
    ]
    for (const body of bad) {
      const answer = await call(upstream, '/v1/log', {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.json?.code, JSON.stringify(body)).toBe('HL_BODY_INVALID')
    }
    expect((await call(upstream, '/v1/log/state')).json.last.offset).toBe(0)
    const cursor = await call(upstream, '/v1/log', { headers: { 'last-event-id': 'none' } })
    expect(cursor.json.code).toBe('HL_QUERY_INVALID')
  })

  it('goes on when an entry has a type that cannot be sent as it is', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const relay = await openRelay(upstream.url)
    await relay.append([entry('bad', { type: 'a\nid: forged' }), entry('good')])
    const { data, types } = await readStream(upstream, 'since=earliest', 1)
    expect(data).toEqual(['good'])
    expect(types).toContain('a id: forged')
  })

  it('stores a request of a relay once, and none that was overtaken', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const send = async (seq: number, data: string, more: object = {}): Promise<any> => {
      const body = JSON.stringify({ relay: 'r', seq, appends: [[entry(data)]], ...more })
      const headers = { 'content-type': 'application/json' }
      return (await call(upstream, '/v1/log', { method: 'POST', body, headers })).json
    }
    const first = await send(1, 'a')
    expect(await send(1, 'a')).toEqual(first)
    await send(2, 'b')
    expect((await send(1, 'a')).code).toBe('HL_RELAY_OUTDATED')
    const [unseen] = await send(3, 'c', { instance: 'another' })
    expect(unseen.problem.code).toBe(brokerErrors.ambiguous.code)
    expect((await call(upstream, '/v1/log/state')).json.last.offset).toBe(2)
  })
})

describe('without its upstream a relay', () => {
  it('serves what it has, and says unavailable for the rest', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    await upstream.hub.publish([{ topic: 't', data: 'before' }])
    const cable = new Cable(upstream.url)
    await cable.plug()
    const reports: RelayReport[] = []
    const relay = await openRelay(cable.url, { onReport: (report) => reports.push(report) })
    const calls: string[] = []
    await relay.tail(1, {
      entries: (batch: readonly Entry[]) => calls.push(...batch.map(({ data }) => data)),
      state: (state) => calls.push(state),
      reset: () => calls.push('reset'),
    })
    await relay.append([entry('kept'), entry('too')])
    await cable.cut()
    await expect.poll(() => calls.at(-1)).toBe('stale')
    expect((await relay.read({ after: 1 })).entries.map(({ data }) => data)).toEqual([
      'kept',
      'too',
    ])
    expect((await relay.state()).last.offset).toBe(3)
    expect(await codeOf(relay.read({ after: 0 }))).toBe(brokerErrors.unavailable.code)
    expect(await codeOf(relay.append([entry('lost')]))).toBe(brokerErrors.unavailable.code)
    const ahead = { ms: Date.now(), offset: 9 }
    expect(await codeOf(relay.locate(ahead))).toBe(brokerErrors.unavailable.code)
    await upstream.hub.publish([{ topic: 't', data: 'meanwhile' }])
    await cable.plug()
    await expect
      .poll(() => calls, { timeout: 15_000 })
      .toEqual(['live', 'kept', 'too', 'stale', 'live', 'meanwhile'])
    expect(reports.map(({ kind }) => kind)).toContain('lost')
  })

  it('is not opened', async () => {
    const code = codeOf(openRelay('http://127.0.0.1:1', { connectTimeoutMs: 200 }))
    expect(await code).toBe(brokerErrors.unavailable.code)
    expect(await codeOf(openRelay('ftp://x'))).toBe('HL_RELAY_URL')
  })
})

describe('an append whose answer is lost', () => {
  it('is repeated and stored once, without publish ids', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const cable = new Cable(upstream.url)
    await cable.plug()
    const relay = await openRelay(cable.url)
    cable.cutsAnswers = true
    const appending = relay.append([entry('once')])
    await expect
      .poll(async () => (await upstream.hub.history({ selectors: ['t'] })).events.length)
      .toBe(1)
    cable.cutsAnswers = false
    expect((await appending).map(({ position }) => position.offset)).toEqual([1])
    await relay.append([entry('twice')])
    expect((await relay.state()).last.offset).toBe(2)
  })

  it('is ambiguous when no repeat is answered', async () => {
    const upstream = await startUpstream(createMemoryBroker())
    const cable = new Cable(upstream.url)
    await cable.plug()
    const relay = await openRelay(cable.url, { requestTimeoutMs: 2_000 })
    cable.cutsAnswers = true
    expect(await codeOf(relay.append([entry('perhaps')]))).toBe(brokerErrors.ambiguous.code)
  })
})

describe('when the upstream is started again', () => {
  it('on the same log, nothing is lost', async () => {
    const directory = join(temporaryDirectory(), 'log')
    const path = join(temporaryDirectory(), 'hub.sock')
    const before = await startUpstream(await openDiskBroker({ directory }), {
      listen: `unix:${path}`,
    })
    const relay = await openRelay(before.url)
    const received: string[] = []
    const resets: string[] = []
    await relay.tail(0, {
      entries: (batch: readonly Entry[]) => received.push(...batch.map(({ data }) => data)),
      state: () => {},
      reset: ({ epoch }) => resets.push(epoch),
    })
    await relay.append([entry('1')])
    await before.stop()
    const log = await openDiskBroker({ directory })
    await log.append([entry('2')])
    await startUpstream(log, { listen: `unix:${path}` })
    await expect.poll(() => received, { timeout: 15_000 }).toEqual(['1', '2'])
    await relay.append([entry('3')])
    expect(received).toEqual(['1', '2', '3'])
    expect(resets).toEqual([])
  })

  it('with another log, tails are told and go on there', async () => {
    const path = join(temporaryDirectory(), 'hub.sock')
    const listen = `unix:${path}`
    const before = await startUpstream(createMemoryBroker({ epoch: 'old' }), { listen })
    const relay = await startRelayServer(before)
    const id = (await post(relay, { topic: 't', data: 'gone' })).json.id
    const reading = readStream(relay, `lastEventId=${id}`, 1)
    await expect.poll(() => relay.hub.stats().sessions).toBe(1)
    await before.stop()
    await rm(path, { force: true })
    const after = await startUpstream(createMemoryBroker({ epoch: 'new' }), { listen })
    await expect.poll(() => relay.hub.cursor.includes('new'), { timeout: 15_000 }).toBe(true)
    await after.hub.publish([{ topic: 't', data: 'fresh' }])
    const { data, types } = await reading
    expect(data).toEqual(['fresh'])
    expect(types).toContain('heartline.gap')
  })
})
