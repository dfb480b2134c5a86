import { describe, expect, it, onTestFinished } from 'vitest'
import {
  createClient,
  type Client,
  type ClientOptions,
  type ConnectionState,
  type Surroundings,
} from '../src/index.ts'
import { ManualClock } from './kit/manual-clock.ts'
import { openStream, RawServer, serve } from './kit/raw-server.ts'
import { settle, until } from './kit/until.ts'

function open(options: ClientOptions): Client & { states: ConnectionState[]; seen: unknown[] } {
  const client = createClient({ random: () => 0, ...options })
  const states: ConnectionState[] = []
  const seen: unknown[] = []
  client.onState((state) => states.push(state))
  onTestFinished(() => client.close())
  client.on('*', (data) => seen.push(data))
  return Object.assign(client, { states, seen })
}

/** Surroundings that a test moves. */
class Place implements Surroundings {
  isOnline = true
  readonly #wakers = new Set<() => void>()

  watch(onWake: () => void): () => void {
    this.#wakers.add(onWake)
    return () => this.#wakers.delete(onWake)
  }

  wake(): void {
    for (const wake of this.#wakers) wake()
  }

  get watchers(): number {
    return this.#wakers.size
  }
}

describe('coming back', () => {
  it('climbs the ladder in the times it says, and shows each step', async () => {
    const clock = new ManualClock()
    const client = open({ url: 'http://127.0.0.1:9', clock })
    const waits: number[] = []
    for (let n = 0; n < 7; n++) {
      await until(() => client.state.name === 'waiting' && client.states.length === 2 * (n + 1))
      const { since, nextRetryAt = 0, attempt, lastError } = client.state
      expect([attempt, lastError?.code]).toEqual([n + 1, 'HL_CLIENT_NETWORK'])
      waits.push(nextRetryAt - since)
      clock.advance(nextRetryAt - since - 1)
      expect(client.state.name).toBe('waiting')
      clock.advance(1)
    }
    expect(waits).toEqual([100, 100, 100, 1000, 1500, 2250, 3375])
  })

  it('takes the retry of the server as the least, also of an hour', async () => {
    const clock = new ManualClock()
    const { url } = await serve((_, response, n) => {
      openStream(response)
      response.end(`retry: ${n === 0 ? 4000 : 2_147_483_647}\n\n`)
    })
    const client = open({ url, clock })
    await until(() => client.state.name === 'waiting')
    expect((client.state.nextRetryAt ?? 0) - clock.now()).toBe(4000)
    clock.advance(4000)
    await until(() => client.states.length === 6)
    expect((client.state.nextRetryAt ?? 0) - clock.now()).toBe(3_600_000)
  })

  it('never begins two attempts closer than 50 ms, whatever hurries it', async () => {
    const { url } = await serve((_, response) => {
      openStream(response, 'retry: 0\n\n')
      response.end()
    })
    const client = open({ url, ladder: { fastRetries: 0, fastMs: 0, baseMs: 0 } })
    const timer = setInterval(() => client.wake(), 1)
    const starts = (): number[] =>
      client.states.filter(({ name }) => name === 'connecting').map(({ since }) => since)
    await until(() => starts().length > 8)
    clearInterval(timer)
    const [first = 0, ...others] = starts()
    let before = first
    for (const at of others) {
      // A timer may be a millisecond early by the clock that is read.
      expect(at - before).toBeGreaterThanOrEqual(49)
      before = at
    }
  })

  it('waits in vain for nobody: close ends a wait, a request and a stream at once', async () => {
    const server = await serve((_, response, n) => {
      if (n === 1) openStream(response, 'data: 1\n\n')
    })
    const waiting = open({ url: 'http://127.0.0.1:9', ladder: { fastMs: 60_000 } })
    const asking = open({ url: server.url })
    await until(() => server.requests.length === 1)
    const reading = open({ url: server.url })
    await until(() => reading.seen.length === 1 && waiting.state.name === 'waiting')
    for (const client of [waiting, asking, reading]) {
      client.close()
      client.close()
      expect([client.state.name, client.state.lastError]).toEqual(['closed', undefined])
    }
    await until(() => server.requests.every((request) => request.socket.destroyed))
  })

  it('is closed by its signal', async () => {
    const abort = new AbortController()
    const { url } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const client = open({ url, signal: abort.signal })
    await until(() => client.seen.length === 1)
    abort.abort()
    expect(client.state.name).toBe('closed')
    expect(open({ url, signal: AbortSignal.abort() }).state.name).toBe('closed')
  })

  it.each(['-5', 'soon', ''])('looks after no heartbeat of "%s"', async (heartbeat) => {
    const clock = new ManualClock()
    const server = await serve((_, response) =>
      openStream(response, 'data: 1\n\n', {
        'heartline-heartbeat': heartbeat,
        'heartline-session': 's',
      }),
    )
    const client = open({ url: `${server.url}/v1/events`, clock })
    await until(() => client.seen.length === 1)
    clock.waits.length = 0
    clock.advance(60_000)
    await settle()
    expect(clock.waits.filter((ms) => ms < 1000)).toEqual([])
    expect([client.state.name, server.requests.length]).toEqual(['open', 1])
  })

  it('leaves no timer behind when it is closed', async () => {
    const clock = new ManualClock()
    const { url } = await serve((_, response) =>
      openStream(response, 'data: 1\n\n', {
        'heartline-heartbeat': '1000',
        'heartline-session': 's',
      }),
    )
    const client = open({ url: `${url}/v1/events`, clock })
    await until(() => client.seen.length === 1)
    expect(clock.pending).toBeGreaterThan(0)
    client.close()
    await settle()
    expect(clock.pending).toBe(0)
  })
})

describe('waking up', () => {
  it('replaces a stream that was silent through a sleep at once', async () => {
    const clock = new ManualClock()
    const server = await serve((_, response, n) =>
      openStream(response, `data: ${n}\n\n`, { 'heartline-heartbeat': '15000' }),
    )
    const client = open({ url: server.url, clock })
    await until(() => client.seen.length === 1)
    clock.sleep(20_000)
    clock.advance(100)
    await until(() => client.state.name === 'waiting')
    expect(client.state.lastError?.code).toBe('HL_CLIENT_SILENT')
    clock.advance(100)
    await until(() => client.seen.length === 2)
  })

  it('replaces one without heartbeats only after a long sleep', async () => {
    const clock = new ManualClock()
    const server = await serve((_, response, n) => openStream(response, `data: ${n}\n\n`))
    const client = open({ url: server.url, clock })
    await until(() => client.seen.length === 1)
    clock.sleep(25_000)
    clock.advance(5000)
    expect(client.state.name).toBe('open')
    clock.sleep(40_000)
    clock.advance(100)
    await until(() => client.state.name === 'waiting')
  })

  it('looks when the page is shown again: silence of more than a heartbeat is death', async () => {
    const clock = new ManualClock()
    const place = new Place()
    const server = await serve((_, response, n) =>
      openStream(response, `data: ${n}\n\n`, { 'heartline-heartbeat': '15000' }),
    )
    const client = open({ url: server.url, clock, surroundings: place })
    await until(() => client.seen.length === 1)
    clock.advance(15_000)
    place.wake()
    expect(client.state.name).toBe('open')
    clock.advance(4000)
    place.wake()
    await until(() => client.state.name === 'waiting')
    clock.advance(200)
    await until(() => client.seen.length === 2)
    client.close()
    expect(place.watchers).toBe(0)
  })

  it('says offline, and tries at once when the network is back', async () => {
    const clock = new ManualClock()
    const place = new Place()
    place.isOnline = false
    const server = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    await server.close()
    const client = open({ url: `http://127.0.0.1:9`, clock, surroundings: place })
    for (let n = 0; n < 4; n++) {
      await until(() => client.states.length === 2 * (n + 1))
      expect(client.state.name).toBe('offline')
      clock.advance(1000)
    }
    await until(() => client.state.name === 'offline' && client.state.attempt === 5)
    place.isOnline = true
    clock.advance(100)
    const before = client.states.length
    place.wake()
    clock.advance(0)
    await until(() => client.states.length > before)
    expect(client.states[before]?.name).toBe('connecting')
  })
})

describe('options', () => {
  it('are refused at once when they are no good', () => {
    for (const bad of [
      { ladder: { baseMs: -1 } },
      { ladder: { growth: Number.NaN } },
      { watch: { connectMs: -5 } },
      { failOverAfter: -1 },
      { probeMs: -1 },
      { handlerMs: Number.NaN },
      { maxEventLength: 0 },
      { url: '//' },
    ]) {
      const make = (): unknown => createClient({ url: 'http://127.0.0.1:9', ...bad })
      expect(make).toThrow(expect.objectContaining({ code: 'HL_CLIENT_OPTION_INVALID' }))
    }
  })

  it('say who asks, unless a header of the caller does', async () => {
    const { url, requests } = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    open({ url, headers: { 'X-Mine': '1' } })
    open({ url, headers: async () => [['heartline-client', 'mine']] })
    await until(() => requests.length === 2)
    const names = requests.map(({ headers }) => headers['heartline-client'])
    expect(new Set(names)).toEqual(new Set(['heartline-js', 'mine']))
    expect(requests.map(({ headers }) => headers['x-mine'])).toContain('1')
  })
})

describe('a stream of a hub that died in silence', () => {
  it('is reported with the next request, unless this machine slept', async () => {
    const clock = new ManualClock()
    const server = await serve((_, response, n) =>
      openStream(response, `data: ${n}\n\n`, { 'heartline-heartbeat': '15000' }),
    )
    const client = open({ url: server.url, clock })
    await until(() => client.seen.length === 1)
    clock.advance(37_500)
    await until(() => client.state.name === 'waiting')
    clock.advance(200)
    await until(() => client.seen.length === 2)
    clock.sleep(100_000)
    clock.advance(100)
    await until(() => client.state.name === 'waiting')
    clock.advance(200)
    await until(() => client.seen.length === 3)
    expect(server.requests.map(({ url }) => url)).toEqual(['/', '/?silence=38', '/'])
  })
})

describe('several endpoints', () => {
  it('moves to the next after a failure, with the place, and back when the first is healthy', async () => {
    const first = await new RawServer((_, response) => {
      openStream(response, 'retry: 60000\n\nid: 1\ndata: "A"\n\n')
    }).listen()
    const { port } = first
    const second = await serve((_, response) => openStream(response, 'id: 2\ndata: "B"\n\n'))
    const client = open({ url: [first.url, second.url], probeMs: 20, healthyAfter: 2 })
    await until(() => client.seen.length === 1)
    await first.close()
    await until(() => client.seen.length === 2)
    expect(client.seen).toEqual(['A', 'B'])
    expect(client.state).toMatchObject({ name: 'open', endpoint: 1 })
    expect(second.requests[0]?.headers['last-event-id']).toBe('1')

    const again = await new RawServer((request, response) => {
      const headers = { 'content-type': 'text/event-stream' }
      if (request.method === 'HEAD') response.writeHead(200, headers).end()
      else openStream(response, 'id: 3\ndata: "A again"\n\n')
    }).listen(port)
    onTestFinished(() => again.close())
    await until(() => client.seen.length === 3)
    expect(client.state).toMatchObject({ name: 'open', endpoint: 0 })
    expect(again.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'GET'])
    expect(again.requests[2]?.headers['last-event-id']).toBe('2')
  })

  it('does not go back to a page that says, with a 200, that the first is down', async () => {
    const down = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('down')
    })
    const second = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const url = [down.url, second.url]
    const client = open({ url, lastEventId: '1', probeMs: 50, healthyAfter: 1 })
    await until(() => down.requests.filter(({ method }) => method === 'HEAD').length === 3)
    expect([second.requests.length, client.state.endpoint]).toEqual([1, 1])
  })

  it('goes round, and is patient as often as told', async () => {
    const client = open({
      url: ['http://127.0.0.1:9/a', 'http://127.0.0.1:9/b'],
      failOverAfter: 2,
      ladder: { fastRetries: 9, fastMs: 0 },
    })
    await until(() => client.states.filter(({ name }) => name === 'connecting').length === 6)
    const tried = client.states.filter(({ name }) => name === 'connecting')
    expect(tried.map(({ endpoint }) => endpoint)).toEqual([0, 0, 1, 1, 0, 0])
  })

  it('does not wait for what another endpoint asked for', async () => {
    const clock = new ManualClock()
    const first = await serve((_, response) =>
      response.writeHead(503, { 'retry-after': '60' }).end(),
    )
    const second = await serve((_, response) => openStream(response, 'data: "B"\n\n'))
    const client = open({ url: [first.url, second.url], clock })
    await until(() => client.state.name === 'waiting')
    expect(client.state).toMatchObject({ endpoint: 1, nextRetryAt: clock.now() + 100 })
    clock.advance(100)
    await until(() => client.state.name === 'open')
    expect([first.requests.length, second.requests.length]).toEqual([1, 1])
  })

  it('asks no endpoint sooner than that wants, whatever hurries it', async () => {
    const clock = new ManualClock()
    const asked: { readonly name: string; readonly at: number }[] = []
    const busy = async (name: string, seconds: string): Promise<string> => {
      const { url } = await serve((_, response) => {
        asked.push({ name, at: clock.now() })
        response.writeHead(503, { 'retry-after': seconds }).end()
      })
      return url
    }
    const url = [await busy('A', '60'), await busy('B', '30'), 'http://127.0.0.1:9']
    const client = open({ url, clock, ladder: { fastRetries: 9 } })
    const told = (): ConnectionState[] => client.states.filter(({ name }) => name === 'waiting')
    for (let n = 1; n < 2000 && asked.length < 4; n++) {
      await until(() => told().length === n)
      client.wake()
      clock.advance(100)
    }
    const since = asked.map(({ at }) => at - (asked[0]?.at ?? 0))
    expect(asked.map(({ name }) => name).join('')).toBe('ABBA')
    // The third is tried meanwhile.
    expect(told().length).toBeGreaterThan(300)
    const [, toB = 0, toBAgain = 0, toA = 0] = since
    expect(toBAgain - toB).toBeGreaterThanOrEqual(30_000)
    expect(toA).toBeGreaterThanOrEqual(60_000)
  })

  it('stays after a good end, and leaves after a drain', async () => {
    const first = await serve((_, response, n) => {
      openStream(response, 'retry: 1\n\n')
      if (n === 0) response.end('data: 0\n\n')
      else
        response.write(
          'data: 1\n\nevent: heartline.drain\ndata: {"retryMs":60000}\nretry: 60000\n\n',
        )
    })
    const second = await serve((_, response) => openStream(response, 'data: 2\n\n'))
    const client = open({ url: [first.url, second.url] })
    await until(() => client.seen.length === 3)
    expect([client.seen, first.requests.length]).toEqual([[0, 1, 2], 2])
    expect(client.states.map(({ lastError }) => lastError?.code)).toContain('HL_CLIENT_DRAINED')
  })
})
