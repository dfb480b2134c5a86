import { getEventListeners } from 'node:events'
import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createClient, type Client, type ClientOptions } from '../src/index.ts'
import { ManualClock } from './kit/manual-clock.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { settle, until } from './kit/until.ts'

const HUB = { 'heartline-heartbeat': '15000', 'heartline-session': 's' }
const STREAM =
  ': hb 1\n\nid: 1\ndata: 1\n\nid: 2\nevent: heartline.gap\ndata: {}\n\nid: 3\ndata: 3\n\n'

function open(options: ClientOptions): Client {
  const client = createClient(options)
  onTestFinished(() => client.close())
  return client
}

/** Resolves when the server has seen the end of a request for each of these. */
function ended(responses: readonly ServerResponse[]): Promise<void> {
  return until(() => responses.every(({ closed }) => closed), 'every stream is closed')
}

describe('a client that is closed before its first request', () => {
  it('makes none', async () => {
    const server = await serve((request, response) => {
      if (request.method === 'HEAD') response.end()
      else openStream(response, 'data: 1\n\n')
    })
    const client = open({ url: server.url })
    client.connect()
    client.close()
    await fetch(server.url, { method: 'HEAD' })
    await settle()
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD'])
  })

  it('makes none, also when the place or the token come only then', async () => {
    const server = await serve((_, response) => openStream(response, 'data: 1\n\n'))
    const clock = new ManualClock()
    const answers: (() => void)[] = []
    const late = (): Promise<undefined> =>
      new Promise((resolve) => answers.push(() => resolve(undefined)))
    const clients = [
      open({ url: server.url, clock, store: { load: late, save() {} } }),
      open({ url: server.url, clock, token: late }),
    ]
    for (const client of clients) client.connect()
    await until(() => answers.length === 2)
    for (const client of clients) client.close()
    for (const answer of answers) answer()
    await settle()
    expect([server.requests.length, clock.pending]).toEqual([0, 0])
  })
})

describe('close', () => {
  it.each(['connecting', 'open'])('from what is told the state %s leaves nothing', async (name) => {
    const responses: ServerResponse[] = []
    const server = await serve((_, response) => {
      responses.push(response)
      openStream(response, ':\n\n', HUB)
    })
    const clock = new ManualClock()
    const client = open({ url: `${server.url}/v1/events`, clock })
    client.onState((state) => {
      if (state.name === name) client.close()
    })
    client.connect()
    await until(() => client.state.name === 'closed')
    await ended(responses)
    clock.advance(60_000)
    await settle()
    expect([server.requests.length, clock.pending]).toEqual([name === 'open' ? 1 : 0, 0])
  })

  it.each(['event', 'gap', 'heartbeat', 'error', 'schema'])(
    'from the handler of an %s: nothing is handed over after it',
    async (where) => {
      const responses: ServerResponse[] = []
      const server = await serve((_, response) => {
        responses.push(response)
        openStream(response, STREAM, HUB)
      })
      const clock = new ManualClock()
      const seen: unknown[] = []
      const end = (here: string): void => {
        if (here === where) client.close()
      }
      const validate = async (value: unknown): Promise<{ value: unknown }> => {
        end('schema')
        return { value }
      }
      const schema = { '~standard': { version: 1, vendor: 'test', validate } as const }
      const client: Client = open({ url: server.url, clock, schemas: { message: schema } })
      client.on('message', (data) => {
        seen.push(data)
        end('event')
        if (where === 'error') throw new Error('boom')
      })
      client.on('heartline.gap', () => {
        seen.push('gap')
        end('gap')
      })
      client.onHeartbeat(() => end('heartbeat'))
      client.onError(() => end('error'))
      await until(() => client.state.name === 'closed')
      await ended(responses)
      const expected = { event: [1], error: [1], gap: [1, 'gap'] }[where] ?? []
      expect([seen, server.requests.length, clock.pending]).toEqual([expected, 1, 0])
    },
  )

  it('leaves no timer, also of a handler that never returns', async () => {
    const server = await serve((_, response) => openStream(response, 'data: 1\n\n', HUB))
    const clock = new ManualClock()
    const client = open({ url: server.url, clock })
    let isAtWork = false
    client.on('message', () => {
      isAtWork = true
      return new Promise(() => {})
    })
    await until(() => isAtWork)
    expect(clock.pending).toBeGreaterThan(0)
    client.close()
    expect(clock.pending).toBe(0)
  })

  it('takes its hands off the signal, which may be that of a whole program', () => {
    const { signal } = new AbortController()
    for (let n = 0; n < 20; n++) open({ url: 'http://127.0.0.1:9', signal }).close()
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})
