import { connect, type Socket } from 'node:net'
import type { HeartlineError } from '@heartline/wire'
import { SignJWT } from 'jose'
import { afterEach } from 'vitest'
import type { Config } from '../src/config/config.ts'
import { checkConfig } from '../src/config/load.ts'
import { createJsonLogger } from '../src/log.ts'
import { createServer, type HeartlineServer, type ServerDependencies } from '../src/server.ts'

export const SECRET = 'a test secret of more than 32 bytes, for HS256'
type Tree = Record<string, unknown>
/** `off` lets Node's parser read everything: what is promised must be true with both. */
const FRONT_DOOR = process.env['HEARTLINE_FRONT_DOOR'] ?? 'on'
/** `off` sends to each reader alone. */
const IO_URING = process.env['HEARTLINE_SESSION_IO_URING'] ?? 'auto'

const running: HeartlineServer[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})

export function toConfig(tree: Tree = {}): Config {
  const problems: HeartlineError[] = []
  const config = checkConfig(
    {
      listen: '127.0.0.1:0',
      frontDoor: FRONT_DOOR,
      drain: { deadlineMs: 100 },
      ...tree,
      session: { ioUring: IO_URING, ...(tree['session'] as object | undefined) },
    },
    problems,
  )
  if (config === undefined) throw problems[0]
  return config
}

/** A listening server that stops after the test. */
export async function start(
  tree: Tree = {},
  dependencies: ServerDependencies = {},
): Promise<HeartlineServer> {
  const server = await createServer(toConfig(tree), dependencies)
  running.push(server)
  return server
}

/** The same with a key. */
export function startGuarded(
  tree: Tree = {},
  dependencies: ServerDependencies = {},
): Promise<HeartlineServer> {
  const auth = { keys: { secret: SECRET }, ...(tree['auth'] as object | undefined) }
  return start({ ...tree, auth }, dependencies)
}

export interface Claim {
  readonly publish?: string[]
  readonly subscribe?: string[]
  readonly presence?: string[]
  readonly admin?: boolean
}

export async function sign(
  heartline: unknown = { publish: ['**'], subscribe: ['**'], presence: ['**'] } satisfies Claim,
  claims: Tree = {},
): Promise<string> {
  return new SignJWT({ heartline, exp: Math.floor(Date.now() / 1000) + 600, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET))
}

export async function bearer(
  heartline?: unknown,
  claims: Tree = {},
): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await sign(heartline, claims)}` }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: any
}

export async function call(
  server: HeartlineServer,
  path: string,
  init: RequestInit & { duplex?: 'half' } = {},
): Promise<Answer> {
  const response = await fetch(`${server.url}${path}`, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: parse(text) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function post(
  server: HeartlineServer,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call(server, '/v1/events', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

/** Sends bytes as they are and collects the answer until the connection ends or `until` is seen. */
export function raw(
  server: HeartlineServer,
  bytes: string | Buffer,
  until?: string,
): Promise<{ text: string; socket: Socket }> {
  const { hostname, port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''))
    let text = ''
    const done = (): void => {
      socket.destroy()
      resolve({ text, socket })
    }
    socket.setTimeout(15_000, () => reject(new Error(`no answer, got: ${text}`)))
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8')
      if (until !== undefined && text.includes(until)) done()
    })
    socket.on('close', done)
    socket.on('error', () => {})
    socket.write(bytes)
  })
}

/** Reads a stream until the text contains `until`. */
export async function readStream(
  server: HeartlineServer,
  path: string,
  options: { headers?: Record<string, string>; until: string },
): Promise<{ text: string; response: Response }> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), 10_000)
  const response = await fetch(`${server.url}${path}`, {
    headers: options.headers ?? {},
    signal: abort.signal,
  })
  let text = ''
  const decoder = new TextDecoder()
  try {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true })
      if (text.includes(options.until)) break
    }
  } finally {
    clearTimeout(timer)
    abort.abort()
  }
  return { text, response }
}

/** A logger that keeps its lines. */
export function logLines(): { lines: string[]; log: ReturnType<typeof createJsonLogger> } {
  const lines: string[] = []
  return { lines, log: createJsonLogger('trace', { write: (line) => lines.push(line) }) }
}

export async function eventually(
  check: () => boolean | Promise<boolean>,
  ms = 15_000,
): Promise<void> {
  const end = Date.now() + ms
  while (!(await check())) {
    if (Date.now() > end) throw new Error('it did not happen in time')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
