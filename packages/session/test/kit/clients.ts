import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import { Received } from './reader.ts'
import type { Client, ConnectOptions } from './target.ts'

type Head = { status: number; headers: Record<string, string> }

/** A client of node:http, whose own parser checks the chunk framing. */
export function http1Client(port: number, tls: boolean, options: ConnectOptions = {}): Client {
  const { method = 'GET', body, openBody = false, paused = false } = options
  const request = (tls ? https : http).request({
    host: '127.0.0.1',
    port,
    method,
    agent: false,
    rejectUnauthorized: false,
    headers: {
      connection: 'keep-alive',
      ...(body === undefined ? {} : { 'content-length': body.length + (openBody ? 1 : 0) }),
    },
  } as https.RequestOptions)
  const state = { finished: false, gone: false, paused }
  const received = new Received()
  let response: http.IncomingMessage | undefined
  const head = new Promise<Head>((resolve) => {
    request.on('response', (incoming) => {
      response = incoming
      incoming.on('error', () => undefined)
      incoming.on('end', () => (state.finished = incoming.complete))
      incoming.on('close', () => (state.gone = true))
      const read = (): void => void incoming.on('data', (chunk: Buffer) => received.take(chunk))
      if (!state.paused) read()
      resolve({ status: incoming.statusCode ?? 0, headers: flat(incoming.headers) })
    })
  })
  request.on('error', () => (state.gone = true))
  request.on('close', () => (state.gone = true))
  if (body !== undefined) request.write(body)
  if (openBody) request.flushHeaders()
  else request.end()
  return {
    head,
    received,
    get finished() {
      return state.finished
    },
    get gone() {
      return state.gone
    },
    pause: () => void response?.pause(),
    resume: () => {
      if (state.paused) response?.on('data', (chunk: Buffer) => received.take(chunk))
      state.paused = false
      response?.resume()
    },
    leave: () => void request.destroy(),
  }
}

/** A client of node:http2, with a connection of its own. */
export function http2Client(port: number, tls: boolean, options: ConnectOptions = {}): Client {
  const { method = 'GET', body, openBody = false, paused = false } = options
  const session = http2.connect(`${tls ? 'https' : 'http'}://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
  })
  const state = { finished: false, gone: false, listening: false }
  const received = new Received()
  session.on('error', () => undefined)
  const stream = session.request({ ':method': method }, { endStream: body === undefined })
  const head = new Promise<Head>((resolve) => {
    stream.on('response', (headers) => {
      resolve({ status: Number(headers[':status']), headers: flat(headers) })
    })
  })
  const listen = (): void => {
    state.listening = true
    stream.on('data', (chunk: Buffer) => received.take(chunk))
  }
  stream.on('error', () => undefined)
  stream.on('end', () => (state.finished = stream.rstCode === 0))
  stream.on('close', () => {
    state.gone = true
    session.destroy()
  })
  if (!paused) listen()
  if (body !== undefined) stream.write(body)
  if (body !== undefined && !openBody) stream.end()
  return {
    head,
    received,
    get finished() {
      return state.finished
    },
    get gone() {
      return state.gone
    },
    pause: () => void stream.pause(),
    resume: () => {
      if (!state.listening) listen()
      stream.resume()
    },
    leave: () => {
      stream.close(http2.constants.NGHTTP2_CANCEL)
      session.destroy()
    },
  }
}

/** A client of a Fetch response without any server between. */
export function fetchClient(
  answer: (request: Request) => Promise<Response>,
  options: ConnectOptions = {},
): Client {
  const { method = 'GET', body, paused = false } = options
  const controller = new AbortController()
  const received = new Received()
  const state = { finished: false, gone: false, paused, left: false }
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  const request = new Request('http://localhost/', {
    method,
    signal: controller.signal,
    ...(body === undefined ? {} : { body }),
  })
  const read = async (): Promise<void> => {
    while (reader !== undefined && !state.paused && !state.left) {
      const { done, value } = await reader.read()
      if (done) state.finished = state.gone = true
      if (done) return
      received.take(value)
    }
  }
  const failed = (): void => void (state.gone = true)
  const head = answer(request).then((response) => {
    reader = response.body?.getReader()
    if (state.left) reader?.cancel().catch(failed)
    if (reader === undefined) state.gone = true
    read().catch(failed)
    return { status: response.status, headers: Object.fromEntries(response.headers) }
  })
  return {
    head,
    received,
    get finished() {
      return state.finished
    },
    get gone() {
      return state.gone
    },
    pause: () => void (state.paused = true),
    resume: () => {
      state.paused = false
      read().catch(failed)
    },
    leave: () => {
      state.left = state.gone = true
      if (reader === undefined) controller.abort()
      else reader.cancel().catch(failed)
    },
  }
}

function flat(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
