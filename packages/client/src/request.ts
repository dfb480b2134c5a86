import { optionInvalid, reasonOf, requestSetup, toError } from './errors.ts'

/** What a function among the options is told. */
export interface RequestContext {
  /** 1 for the first request of the client, counting on. */
  readonly attempt: number
  /** Which of the endpoints is asked. */
  readonly endpoint: number
  /** Where the stream goes on, `''` at the start. */
  readonly lastEventId: string
  /** True after a 401 or an expired token: fetch a new one, do not take it from a cache. */
  readonly refresh: boolean
  /** After how many seconds without a byte the last stream of a hub died; 0 when it did not. */
  readonly silence: number
  readonly signal: AbortSignal
}

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
  readonly resumeBy?: 'header' | 'query' | undefined
}

/** The options, and what the client calls itself. */
export interface SourceOptions extends RequestOptions {
  /** Sent as `Heartline-Client`, so that an overloaded hub answers with a real 503. */
  readonly name?: string | undefined
}

/** A request that is ready to be sent. */
export interface PreparedRequest {
  readonly url: string
  readonly init: RequestInit
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

  /** Sending it twice does what sending it once does. */
  get isRepeatable(): boolean {
    return SAFE_TO_REPEAT.test(this.method)
  }

  /** The request for the stream. Rejects with `HL_CLIENT_REQUEST_SETUP` when a function fails. */
  async prepare(context: RequestContext): Promise<PreparedRequest> {
    const { body, credentials, resumeBy } = this.#options
    const { lastEventId, silence, signal } = context
    const url = await this.url(context)
    const headers = await this.headers(context)
    headers.set('Accept', 'text/event-stream')
    if (lastEventId !== '' && resumeBy === 'query') url.searchParams.set('lastEventId', lastEventId)
    else if (lastEventId !== '') headers.set('Last-Event-ID', toHeaderText(lastEventId))
    // The hub then beats faster: something on the way cuts silent streams.
    if (silence > 0) url.searchParams.set('silence', String(silence))
    const init: RequestInit & { duplex?: 'half' } = {
      method: this.method,
      headers,
      signal,
      cache: 'no-store',
    }
    const { name } = this.#options
    if (name !== undefined && isNear(url) && !headers.has('Heartline-Client')) {
      headers.set('Heartline-Client', name)
    }
    if (credentials !== undefined) init.credentials = credentials
    if (body !== undefined) {
      init.body = (await ask(body, context)) ?? null
      // Node.js wants to be told for a body that is a stream.
      init.duplex = 'half'
    }
    return { url: url.href, init }
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

/** A header holds bytes: those of the UTF-8 form, as the HTML standard says. */
function toHeaderText(id: string): string {
  return String.fromCharCode(...new TextEncoder().encode(id))
}
