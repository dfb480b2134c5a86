import { createServer } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { connect, type AddressInfo, type Server } from 'node:net'
import { createMemoryBroker } from '@heartline/broker'
import { createParser, HeartlineError } from '@heartline/wire'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createFetchHandler,
  createHub,
  createNodeHandler,
  hubErrors,
  toProblem,
  type Hub,
} from '../src/index.ts'
import { eventually, openReader } from './fixture.ts'

let hub: Hub
const servers: Server[] = []
afterEach(async () => {
  await hub?.close()
  for (const server of servers.splice(0)) {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)()
    server.close()
  }
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function newHub(): Promise<Hub> {
  hub = await createHub({ broker: createMemoryBroker() })
  return hub
}

/** Sends a raw request and answers all that comes back before the end or the time limit. */
function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    socket.on('data', (data) => (text += data.toString()))
    socket.on('close', () => resolve(text))
    socket.on('error', () => resolve(text))
    socket.setTimeout(2_000, () => socket.destroy())
  })
}

describe('the Node handler', () => {
  it.each(['//', '//?topic=a*', '/\\', 'http://[/?topic=a*'])(
    'answers the odd target %s with a problem of its own',
    async (target) => {
      const handle = createNodeHandler(await newHub())
      const port = await listen(createServer((request, response) => void handle(request, response)))
      const answer = await raw(
        port,
        `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      )
      expect(answer).toMatch(/^HTTP\/1.1 400 /)
      expect(answer).toContain('HL_SELECTOR_')
    },
  )

  it('answers HEAD with the head of the stream and keeps no session', async () => {
    const handle = createNodeHandler(await newHub())
    const port = await listen(createServer((request, response) => void handle(request, response)))
    const answer = await raw(
      port,
      'HEAD /?topic=a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(answer.toLowerCase()).toContain('content-type: text/event-stream')
    await eventually(() => hub.stats().sessions === 0)
  })

  it('refuses other methods and says which it takes', async () => {
    const handle = createNodeHandler(await newHub())
    const port = await listen(createServer((request, response) => void handle(request, response)))
    const answer = await raw(port, 'PUT /?topic=a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 405 /)
    expect(answer.toLowerCase()).toContain('allow: get, head')
  })

  it('refuses with the status that `authorize` throws, and tells nothing of other errors', async () => {
    await newHub()
    const handle = createNodeHandler(hub, {
      authorize: async (request) => {
        if (request.url?.includes('own') === true) {
          throw new HeartlineError(hubErrors.selectorForbidden, { selector: 'x' })
        }
        throw new Error('the password is 123')
      },
    })
    const port = await listen(createServer((request, response) => void handle(request, response)))
    const own = await (await openReader(`http://127.0.0.1:${port}/?topic=own`)).over()
    expect(own.status).toBe(403)
    const other = await (await openReader(`http://127.0.0.1:${port}/?topic=a`)).over()
    expect(other.status).toBe(500)
    expect(JSON.parse(other.body)).toMatchObject({ code: 'HL_INTERNAL' })
    expect(other.body).not.toContain('123')
  })

  it('ends a response that was begun already', async () => {
    const handle = createNodeHandler(await newHub())
    const port = await listen(
      createServer((request, response) => {
        response.write('begun')
        void handle(request, response)
      }),
    )
    expect(await raw(port, 'GET /?topic=a HTTP/1.0\r\n\r\n')).toContain('begun')
  })

  it('keeps no session of a reader that left while `authorize` waited', async () => {
    await newHub()
    let asked = false
    let go = (): void => {}
    const handle = createNodeHandler(hub, {
      authorize: async () => {
        asked = true
        await new Promise<void>((resolve) => (go = resolve))
        return {}
      },
    })
    const port = await listen(createServer((request, response) => void handle(request, response)))
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /?topic=a HTTP/1.1\r\nHost: x\r\n\r\n')
    })
    await eventually(() => asked)
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
    go()
    await eventually(() => hub.stats().ended.disconnected === 1)
    expect(hub.stats()).toMatchObject({ sessions: 0, cohorts: 0 })
  })

  it('serves HTTP/2: stream, resume, drain and refusal', async () => {
    await newHub()
    const handle = createNodeHandler(hub)
    const port = await listen(
      createHttp2Server((request, response) => void handle(request, response)),
    )
    const client = connectHttp2(`http://127.0.0.1:${port}`)
    const open = (path: string, headers: Record<string, string> = {}) => {
      const request = client.request({ ':path': path, ...headers })
      const result = {
        status: 0,
        text: '',
        types: [] as string[],
        data: [] as string[],
        over: false,
      }
      const parser = createParser({
        onEvent: (event) => {
          result.types.push(event.type)
          if (event.type === 'message') result.data.push(event.data)
        },
      })
      request.on('response', (head) => (result.status = Number(head[':status'])))
      request.on('data', (chunk: Buffer) => {
        result.text += chunk.toString()
        parser.feed(chunk)
      })
      request.on('end', () => (result.over = true))
      return result
    }
    const [first] = await hub.publish([{ topic: 'a', data: 1 }])
    await hub.publish([{ topic: 'a', data: 2 }])
    const stream = open('/?topic=a', { 'last-event-id': first?.id ?? '' })
    const refused = open('/?topic=a*')
    await eventually(() => stream.types.includes('heartline.cursor') && refused.over)
    await hub.publish([{ topic: 'a', data: 3 }])
    await eventually(() => stream.data.length === 2)
    expect(stream).toMatchObject({ status: 200, data: ['2', '3'] })
    expect(refused.status).toBe(400)
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'HL_SELECTOR_INVALID' })
    await hub.drain({ deadlineMs: 1_000 })
    await eventually(() => stream.over)
    expect(stream.types.at(-1)).toBe('heartline.drain')
    client.close()
  })
})

describe('the Fetch handler', () => {
  it('answers HEAD, resumes, refuses and ends with the request', async () => {
    await newHub()
    const handle = createFetchHandler(hub, {
      authorize: (request) => {
        if (request.headers.has('x-bad')) throw new Error('no')
        return { subscriber: 'ann' }
      },
    })
    const head = await handle(new Request('http://x/?topic=a', { method: 'HEAD' }))
    expect(head.status).toBe(200)
    expect(head.body).toBeNull()
    const bad = await handle(new Request('http://x/?topic=a', { headers: { 'x-bad': '1' } }))
    expect(bad.status).toBe(500)
    expect(bad.headers.get('content-type')).toBe('application/problem+json')
    const [first] = await hub.publish([{ topic: 'a', data: 1 }])
    await hub.publish([{ topic: 'a', data: 2 }])
    const abort = new AbortController()
    const headers = { 'last-event-id': first?.id ?? '' }
    const response = await handle(
      new Request('http://x/?topic=a', { headers, signal: abort.signal }),
    )
    const reader = response.body?.getReader()
    let text = ''
    while (!text.includes('heartline.cursor')) {
      text += new TextDecoder().decode((await reader?.read())?.value)
    }
    expect(text).toContain('data: 2\n')
    expect(hub.presence('a')).toMatchObject([{ subscriber: 'ann', sessions: 1 }])
    abort.abort()
    await eventually(() => hub.stats().sessions === 0)
    await hub.drain({ deadlineMs: 0 })
    const busy = await handle(new Request('http://x/?topic=a'))
    expect(busy.status).toBe(503)
    expect(busy.headers.get('retry-after')).toBe('2')
  })
})

describe('a problem document', () => {
  it('names the event that was refused, and nothing of a foreign error', async () => {
    await newHub()
    const error: unknown = await hub
      .publish([
        { topic: 'a', data: 1 },
        { topic: '*', data: 2 },
      ])
      .catch((reason: unknown) => reason)
    expect(toProblem(error)).toMatchObject({ status: 400, code: 'HL_TOPIC_INVALID', index: 1 })
    expect(toProblem('secret')).toMatchObject({ status: 500, code: 'HL_INTERNAL' })
  })
})
