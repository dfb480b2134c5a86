import type { HeartlineError } from '@heartline/wire'
import {
  notRepeated,
  optionInvalid,
  reasonOf,
  requestSetup,
  streamEnded,
  toError,
} from './errors.ts'
import {
  toStreamRequest,
  type PreparedRequest,
  type RequestContext,
  type ResumeBy,
} from './stream-request.ts'

/** A value, or a function that is asked before each request. */
export type PerRequest<Value> = Value | ((context: RequestContext) => Value | Promise<Value>)

/** How to ask for the stream. */
export interface RequestOptions {
  /** Where the stream is. A list holds equal servers, the preferred one first. */
  readonly url: PerRequest<string | URL> | readonly PerRequest<string | URL>[]
  /** Default `GET`. */
  readonly method?: string | undefined
  readonly body?: PerRequest<RequestInit['body']> | undefined
  readonly headers?: PerRequest<RequestInit['headers']> | undefined
  /** Sent as `Authorization: Bearer`. A function is asked again (`refresh`) after a 401. */
  readonly token?: PerRequest<string | undefined> | undefined
  /** Default `same-origin`. */
  readonly credentials?: RequestInit['credentials'] | undefined
  /** `query` sends the place as `?lastEventId=`, which needs no preflight. Default `header`. */
  readonly resumeBy?: ResumeBy | undefined
}

/** The options, and what the client calls itself. */
export interface SourceOptions extends RequestOptions {
  /** Sent as `Heartline-Client`, so that an overloaded hub answers with a real 503. */
  readonly name?: string | undefined
  /** Requests that could act twice are sent again. Default false. */
  readonly repeat?: boolean | undefined
}

interface StreamInit extends RequestInit {
  headers: Headers
  duplex?: 'half'
}

const SAFE_TO_REPEAT = /^(GET|HEAD|OPTIONS|QUERY|PUT|DELETE)$/

/** Makes requests from the options, anew for each attempt. */
export class RequestSource {
  readonly method: string
  /** How many equal servers there are. */
  readonly endpoints: number
  /** True when asking for a token again can change the answer to a 401. */
  readonly canRefresh: boolean
  readonly #options: SourceOptions
  readonly #urls: readonly PerRequest<string | URL>[]

  /** @throws HeartlineError `HL_CLIENT_OPTION_INVALID` for a URL that is none. */
  constructor(options: SourceOptions) {
    const { url, method = 'GET', headers, token } = options
    this.#options = options
    this.#urls = Array.isArray(url) ? url : [url as PerRequest<string | URL>]
    this.endpoints = this.#urls.length
    this.method = method.toUpperCase()
    this.canRefresh = [token, headers, ...this.#urls].some((value) => typeof value === 'function')
    for (const each of this.#urls) if (typeof each !== 'function') toAbsolute(each)
    if (this.endpoints === 0) throw toError(optionInvalid, { option: 'url', problem: 'is empty' })
  }

  /**
   * Why the request must not be made again after it ended like this; undefined when it may, because
   * making it twice does what making it once does.
   */
  whyOnce(error: HeartlineError): HeartlineError | undefined {
    const { method } = this
    if (this.#options.repeat === true || SAFE_TO_REPEAT.test(method)) return undefined
    // What such a request answered in full is no failure.
    if (error.code === streamEnded.code) return error
    return toError(notRepeated, { method }, error)
  }

  /** The request for the stream. Rejects with `HL_CLIENT_REQUEST_SETUP` when a function fails. */
  async prepare(context: RequestContext): Promise<PreparedRequest> {
    const { body, credentials, resumeBy, name } = this.#options
    const url = await this.url(context)
    const headers = await this.headers(context)
    if (name !== undefined && isNear(url) && !headers.has('Heartline-Client')) {
      headers.set('Heartline-Client', name)
    }
    // To `fetch`, undefined is as if it were not there.
    const init: StreamInit = {
      method: this.method,
      headers,
      credentials: credentials as RequestCredentials,
    }
    if (body !== undefined) {
      init.body = (await ask(body, context)) ?? null
      // Node.js wants to be told for a body that is a stream.
      init.duplex = 'half'
    }
    return toStreamRequest(url, init, context, resumeBy)
  }

  /** The address of the endpoint in use. */
  async url(context: RequestContext): Promise<URL> {
    return toAbsolute(await ask(this.#urls[context.endpoint] as PerRequest<string | URL>, context))
  }

  /** Headers and token, as every request carries them. */
  async headers(context: RequestContext): Promise<Headers> {
    const { headers: given, token: ofToken } = this.#options
    const headers = new Headers(await ask(given, context))
    const token = await ask(ofToken, context)
    if (token !== undefined) headers.set('Authorization', `Bearer ${token}`)
    return headers
  }
}

async function ask<Value>(value: PerRequest<Value>, context: RequestContext): Promise<Value> {
  if (typeof value !== 'function') return value
  try {
    return await (value as (context: RequestContext) => Value | Promise<Value>)(context)
  } catch (thrown) {
    throw toError(requestSetup, { reason: reasonOf(thrown) }, thrown)
  }
}

/** The same address against that of the page, if there is one. */
export function toAbsolute(url: string | URL): URL {
  try {
    return new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href)
  } catch {
    throw toError(optionInvalid, { option: 'url', problem: `is not a URL: ${String(url)}` })
  }
}

/** To another origin, a browser would ask for leave to send a header of ours. */
export function isNear(url: URL): boolean {
  // Only browsers have one.
  return globalThis.origin === undefined || globalThis.origin === url.origin
}
