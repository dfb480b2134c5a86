import { fileURLToPath } from 'node:url'
import { createClient } from '@heartline/client'
import { expect, onTestFinished, test } from 'vitest'
import { startHub } from '../kit/hub-process.ts'
import { PageProgram, type PageProgramOptions } from '../kit/page-program.ts'
import { makeTempDirectory } from '../kit/temp-directory.ts'
import { waitFor } from '../kit/wait-for.ts'

/** Programs begin slowly where much else runs. */
const LIMIT_MS = 240_000
const timeoutMs = 90_000

async function start(name: string, options?: PageProgramOptions): Promise<PageProgram> {
  const file = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url))
  const program = await PageProgram.start(file, options)
  onTestFinished(() => program.remove())
  return program
}

/** When a stream is open, and the data of the first event of a type. */
function read(url: string, type: string): { opened: Promise<void>; event: Promise<string> } {
  const client = createClient({ url, decode: 'text' })
  onTestFinished(() => client.close())
  return {
    opened: new Promise((resolve) => {
      client.onState(({ name }) => (name === 'open' ? resolve() : undefined))
    }),
    event: new Promise((resolve) => client.on(type, (data) => resolve(String(data)))),
  }
}

const ADAPTERS = ['express', 'fastify', 'hono', 'koa', 'h3', 'elysia'].map((it) => `pages/${it}`)

test.each([...ADAPTERS, 'nest/page'])(
  '%s: what is published arrives, and a handler sends',
  async (name) => {
    const program = await start(name)
    await program.listens()
    expect(await read(`${program.url}/clock`, 'tick').event).toMatch(/^\d{4}-\d\d-\d\dT/)
    const news = read(`${program.url}/events?topic=news`, 'message')
    await news.opened
    const posted = await fetch(`${program.url}/news/hello`, { method: 'POST' })
    expect([200, 201]).toContain(posted.status)
    expect(await posted.json()).toMatchObject([{ duplicate: false }])
    expect(await news.event).toBe('hello')
  },
  LIMIT_MS,
)

test.each([
  ['pages/hub', '/?topic=time/*', 'message', /^\{"at":\d+\}$/],
  ['pages/session', '/', 'price', /^\{"bid":\d/],
  ['pages/stream', '/', 'tick', /^\d{4}-\d\d-\d\dT/],
  ['pages/events-server', '/prices', 'price', /^\{"symbol":"ACME","bid":\d/],
])(
  '%s: a stream brings its first event',
  async (name, path, type, data) => {
    const program = await start(name)
    await program.listens()
    expect(await read(`${program.url}${path}`, type).event).toMatch(data)
  },
  LIMIT_MS,
)

test.each([
  ['pages/wire', /^price \{"bid":4\}\nMap\(1\) \{ '' => \{ ms: \d+, offset: 2560 \} \}\n$/],
  ['pages/broker', /^live\n1 hello\n1 1\n$/],
  ['pages/disk', /^\{\n {2}type: 'opened',/],
  ['pages/server', /^$/],
])(
  '%s: the program runs to its end',
  async (name, output) => {
    const program = await start(name, { directory: makeTempDirectory() })
    expect([await program.ends(), program.output]).toEqual([0, expect.stringMatching(output)])
  },
  LIMIT_MS,
)

test(
  'a reader says who it is, and a stranger is refused',
  async () => {
    const program = await start('pages/authorize')
    await program.listens()
    const url = `${program.url}/?topic=users/ann/notes`
    const stranger = await fetch(url)
    expect([stranger.status, await stranger.json()]).toMatchObject([401, { code: 'APP_STRANGER' }])
    const ann = await fetch(url, { headers: { authorization: 'Bearer ann-secret' } })
    expect(ann.status).toBe(200)
    await ann.body?.cancel()
  },
  LIMIT_MS,
)

test(
  'streams are counted',
  async () => {
    const program = await start('pages/metrics')
    await program.listens()
    expect(await read(`${program.url}/hello`, 'message').event).toBe('hello')
    const metrics = await (await fetch(`${program.url}/metrics`)).text()
    expect(metrics).toContain('heartline_streams_open{adapter="express"} 1\n')
  },
  LIMIT_MS,
)

test(
  'a subscription is read to its end',
  async () => {
    const server = await start('pages/graphql')
    await server.listens()
    const client = await start('pages/graphql-client', { port: server.port })
    expect([await client.ends(), client.output]).toEqual([0, '1\n2\n3\n'])
  },
  LIMIT_MS,
)

test(
  'what a client publishes comes back to it, and to a bare reader',
  async () => {
    const hub = await startHub()
    onTestFinished(() => hub.kill())
    const reader = await start('pages/reader', { port: hub.port })
    await waitFor(() => reader.output.includes('open'), {
      what: 'the reader is connected',
      timeoutMs,
    })
    const client = await start('pages/client', { port: hub.port })
    await waitFor(() => / price \{ bid: 4 \}\n/.test(reader.output), {
      what: 'the reader has what the client published',
      timeoutMs,
      report: () => `${client.output}\n${reader.output}`,
    })
    await waitFor(() => client.output.includes('open'), {
      what: 'the client is connected',
      timeoutMs,
    })
    // Its loop begins at a moment of its own.
    const again = async (): Promise<boolean> => {
      await publish(hub.url, { topic: 'prices', type: 'price', data: { bid: 5 } })
      return / 5\n/.test(client.output) && client.output.includes('price { bid: 5 }')
    }
    await waitFor(again, {
      what: 'handler and loop have it',
      timeoutMs,
      report: () => client.output,
    })
  },
  LIMIT_MS,
)

async function publish(url: string, event: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const init = { method: 'POST', headers, body: JSON.stringify(event) }
  const { status } = await fetch(`${url}/v1/events`, init)
  expect(status).toBe(201)
}
