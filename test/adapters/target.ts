import type { Hub } from '@heartline/hub'
import type { SessionMonitor, StreamHandler } from '@heartline/session'

/** What an application under test is made with. Its routes are the same on every framework. */
export interface Setup {
  readonly hub: Hub
  readonly monitor: SessionMonitor
  /** Feeds `GET /stream` and `POST /stream`. */
  readonly handler: StreamHandler
  /** Of `GET /events`, behind the framework's own authentication. */
  readonly authorize?: (() => Promise<void>) | undefined
  /** More headers of all streams. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface Application {
  readonly port: number
  /** The application, where it is one. */
  readonly emitter?: object | undefined
  /** The framework's own. */
  close(): Promise<unknown>
}

/**
 * A framework with its usual middleware (compression, CORS for `http://shop.example`, helmet or what
 * is like it, body parser) and these routes:
 *
 * - `GET /events`: the stream of the hub, for whom sends `Authorization: yes`; else the framework's
 *   own authentication answers 401
 * - `GET /page`: `PAGE`, which its compression compresses
 * - `GET /stream`, `POST /stream`: the handler's
 */
export interface AdapterTarget {
  readonly name: string
  readonly http: 1 | 2
  /** The header that its helmet sets; undefined where it has none. */
  readonly helmet: string | undefined
  start(setup: Setup): Promise<Application>
}

export const ORIGIN = 'http://shop.example'

/** Long enough for every compression. */
export const PAGE = 'Nothing new. '.repeat(400)
