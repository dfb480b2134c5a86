import {
  createClient,
  type Client,
  type ClientOptions,
  type ConnectionState,
} from '@heartline/client'
import { memoryOutbox } from '@heartline/client/outbox'
import { expect, it, onTestFinished } from 'vitest'
import type { HeartlineServer } from '../../src/server.ts'
import { eventually, sign, start, startGuarded } from '../kit.ts'

type Watched = Client & { seen: unknown[]; states: ConnectionState[] }

function read(server: HeartlineServer, options: Partial<ClientOptions> = {}): Watched {
  const url = `${server.url}/v1/events?topic=a`
  const client = createClient({ url, outbox: memoryOutbox(), ...options })
  onTestFinished(() => client.close())
  const seen: unknown[] = []
  const states: ConnectionState[] = []
  client.onState((state) => states.push(state))
  client.on('*', (data) => seen.push(data))
  return Object.assign(client, { seen, states })
}

const opened = (client: Watched): number =>
  client.states.filter(({ name }) => name === 'open').length

it('comes back when its session is ended, and stays away when it is kicked', async () => {
  const server = await start({ retry: '50ms' })
  const client = read(server)
  await eventually(() => server.hub.sessions().length === 1)
  server.hub.endSession(server.hub.sessions()[0]!.id, { reconnect: true })
  await eventually(() => opened(client) === 2 && server.hub.sessions().length === 1)
  server.hub.endSession(server.hub.sessions()[0]!.id, { reconnect: false })
  await eventually(() => client.state.name === 'closed')
  expect(client.state.lastError?.code).toBe('HL_CLIENT_DISMISSED')
  expect(opened(client)).toBe(2)
})

it('gets each of many events once, in order, while its session is ended again and again', async () => {
  const server = await start({ retry: '50ms' })
  const client = read(server)
  await eventually(() => opened(client) === 1)
  for (let n = 0; n < 300; n++) {
    await client.publish({ topic: 'a', data: n })
    if (n % 60 !== 30) continue
    await eventually(() => server.hub.sessions().length === 1)
    server.hub.endSession(server.hub.sessions()[0]!.id, { reconnect: true })
  }
  await eventually(() => client.seen.length >= 300, 20_000)
  expect(client.seen).toEqual(Array.from({ length: 300 }, (_, n) => n))
  expect(opened(client)).toBeGreaterThan(3)
})

it('publishes what was said twice once', async () => {
  const server = await start()
  const client = read(server)
  const event = { topic: 'a', data: 1, publishId: 'once' }
  const [first] = await client.publish(event)
  const [second] = await client.publish(event)
  expect([first?.duplicate, second]).toEqual([false, { id: first?.id, duplicate: true }])
})

it('asks for a new token when its own ended, and misses nothing', async () => {
  const server = await startGuarded({ retry: '50ms' })
  const refreshes: boolean[] = []
  const client = read(server, {
    token: ({ refresh }) => {
      refreshes.push(refresh)
      return sign(undefined, { exp: Math.floor(Date.now() / 1000) + (refresh ? 600 : 1) })
    },
  })
  await eventually(() => opened(client) === 1)
  await eventually(() => opened(client) === 2, 20_000)
  await client.publish({ topic: 'a', data: 'after' })
  await eventually(() => client.seen.length === 1)
  expect(refreshes.slice(0, 2)).toEqual([false, true])
})

it('shows what the hub refused with', async () => {
  const server = await start()
  const client = read(server, { url: `${server.url}/v1/events?topic=a/**/b` })
  await eventually(() => client.state.name === 'closed')
  expect(client.state.lastError?.details).toMatchObject({
    status: 400,
    code: 'HL_SELECTOR_INVALID',
  })
})

it('acknowledges heartbeats', async () => {
  const server = await start({ heartbeat: '1s' })
  const client = read(server)
  await client.publish({ topic: 'a', data: 1 })
  await eventually(() => client.rttMs !== undefined, 20_000)
})
