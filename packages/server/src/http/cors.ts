import type { Config } from '../config/config.ts'
import { isLoopbackHost } from '../config/listen-address.ts'
import type { Exchange } from './exchange.ts'

const EXPOSED =
  'Heartline-Session, Heartline-Heartbeat, Heartline-Tell, Heartline-Mode, Retry-After'
const REQUEST_HEADERS =
  'Authorization, Content-Type, Idempotency-Key, Last-Event-ID, Heartline-Client'
const PREFLIGHT_SECONDS = '600'

/** Tells browsers which pages may read the answers. Origins are compared as they are written. */
export class Cors {
  readonly #origins: ReadonlySet<string>
  readonly #isAny: boolean
  readonly #credentials: boolean
  /** Without a key, pages that this machine serves may read what it may do anyway. */
  readonly #allowsLoopback: boolean

  constructor(settings: Config['cors'], isDevelopment: boolean) {
    this.#origins = new Set(settings.origins)
    this.#isAny = this.#origins.has('*')
    this.#credentials = settings.credentials
    this.#allowsLoopback = isDevelopment
  }

  allows(origin: string): boolean {
    if (this.#isAny || this.#origins.has(origin)) return true
    return this.#allowsLoopback && isLoopbackOrigin(origin)
  }

  /** The headers of every answer to a page of this origin. */
  headersFor(origin: string | undefined): Record<string, string> {
    // Also without an Origin: a cache must not give that answer to a page.
    const headers: Record<string, string> = this.#isAny ? {} : { Vary: 'Origin' }
    if (origin === undefined || !this.allows(origin)) return headers
    headers['Access-Control-Allow-Origin'] = this.#isAny ? '*' : origin
    headers['Access-Control-Expose-Headers'] = EXPOSED
    if (this.#credentials) headers['Access-Control-Allow-Credentials'] = 'true'
    return headers
  }

  /** Answers an OPTIONS request to a path that takes `methods`. */
  preflight(exchange: Exchange, methods: readonly string[]): void {
    const origin = exchange.header('origin')
    const isPreflight = exchange.header('access-control-request-method') !== undefined
    const headers: Record<string, string> = { allow: methods.join(', ') }
    if (isPreflight && origin !== undefined && this.allows(origin)) {
      headers['access-control-allow-methods'] = methods.join(', ')
      headers['access-control-allow-headers'] = REQUEST_HEADERS
      headers['access-control-max-age'] = PREFLIGHT_SECONDS
    }
    exchange.sendEmpty(204, headers)
  }
}

function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).hostname)
}
