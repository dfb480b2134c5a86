import { describe, expect, it, onTestFinished } from 'vitest'
import { createClient } from '../src/index.ts'
import { ManualClock } from './kit/manual-clock.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { settle, until } from './kit/until.ts'

const HUB = { 'heartline-heartbeat': '15000', 'heartline-session': 's/1' }

describe('acknowledgements', () => {
  it('tell the hub in each interval how far the handlers came, and the round-trip time', async () => {
    const clock = new ManualClock()
    const server = await serve((request, response) => {
      if (request.method === 'POST') response.writeHead(204).end()
      else openStream(response, 'id: 1.e.m-1\ndata: 1\n\n', HUB)
    })
    const client = createClient({ url: `${server.url}/x/v1/events?topic=a`, clock, token: 'T' })
    onTestFinished(() => client.close())
    client.on('message', () => {})
    await until(() => client.lastEventId !== '')
    expect(client.rttMs).toBeUndefined()
    clock.advance(15_000)
    await until(() => client.rttMs !== undefined)
    clock.advance(15_000)
    await until(() => server.bodies[2] !== undefined)
    expect(server.requests[1]?.url).toBe('/x/v1/sessions/s%2F1/ack')
    expect(server.requests[1]?.headers.authorization).toBe('Bearer T')
    expect(server.bodies.slice(1).map((body) => JSON.parse(body))).toEqual([
      { cursor: '1.e.m-1' },
      { cursor: '1.e.m-1', rttMs: 0 },
    ])
  })

  it('are not sent to other servers, to hubs without heartbeats, or when it is switched off', async () => {
    const clock = new ManualClock()
    for (const [headers, options] of [
      [{ 'heartline-heartbeat': '15000' }, {}],
      [{ ...HUB, 'heartline-heartbeat': '0' }, {}],
      [HUB, { acknowledge: false }],
    ] as const) {
      const server = await serve((_, response) => openStream(response, 'data: 1\n\n', headers))
      const client = createClient({ url: `${server.url}/v1/events`, clock, ...options })
      onTestFinished(() => client.close())
      client.connect()
      await until(() => client.state.name === 'open')
      clock.advance(16_000)
      await settle(30)
      expect(server.requests).toHaveLength(1)
    }
  })

  it('are not sent where a redirect led, which may be another origin', async () => {
    const clock = new ManualClock()
    const hub = await serve((_, response) => openStream(response, 'data: 1\n\n', HUB))
    const server = await serve((_, response) => {
      response.writeHead(307, { location: `${hub.url}/v1/events` }).end()
    })
    const client = createClient({ url: server.url, clock, token: 'T', redirect: 'follow' })
    onTestFinished(() => client.close())
    client.connect()
    await until(() => client.state.name === 'open')
    clock.advance(16_000)
    await settle()
    const told = hub.requests.map(({ method, headers }) => [method, headers.authorization])
    expect(told).toEqual([['GET', undefined]])
  })

  it('go on after an answer that another time may change', async () => {
    const clock = new ManualClock()
    const server = await serve((request, response, n) => {
      if (request.method === 'POST') response.writeHead(n === 1 ? 429 : 503).end()
      else openStream(response, 'data: 1\n\n', HUB)
    })
    const client = createClient({ url: `${server.url}/v1/events`, clock })
    onTestFinished(() => client.close())
    client.connect()
    await until(() => client.state.name === 'open')
    for (let asked = 2; asked <= 4; asked++) {
      clock.advance(15_000)
      await until(() => server.bodies[asked - 1] !== undefined)
    }
    expect(server.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST', 'POST'])
  })

  it('end with a session that the hub does not know', async () => {
    const clock = new ManualClock()
    const server = await serve((request, response) => {
      if (request.method === 'POST') response.writeHead(404).end()
      else openStream(response, 'data: 1\n\n', HUB)
    })
    const client = createClient({ url: `${server.url}/v1/events`, clock })
    onTestFinished(() => client.close())
    client.connect()
    await until(() => client.state.name === 'open')
    clock.advance(15_000)
    await until(() => client.rttMs !== undefined)
    clock.advance(15_000)
    await settle(30)
    expect(server.requests).toHaveLength(2)
  })
})
