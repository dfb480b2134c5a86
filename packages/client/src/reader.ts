import { Connection } from './connection.ts'
import type { ConnectionState } from './connection-state.ts'
import { network, reasonOf, refused, toError } from './errors.ts'
import { LADDER_DEFAULTS, type Ladder } from './ladder.ts'
import { resolveNumbers } from './numbers.ts'
import { EVENT_BOUND, resolveWorld, type WorldOptions } from './options.ts'
import { isEventStream, isPassing, toRetryAfter, type Judge } from './outcome.ts'
import { PATIENCE_DEFAULTS, type Patience } from './patience.ts'
import { toStreamRequest, type StreamSource } from './stream-request.ts'

/** An event as the stream has it. */
export interface ReaderEvent {
  readonly type: string
  readonly data: string
  /** The last event id as of this event, `''` before there was one. */
  readonly id: string
}

export interface ReaderOptions extends WorldOptions {
  /** Absolute. */
  readonly url: string | URL
  /** Asked before each request. A token goes into `Authorization`. */
  readonly headers?: (() => HeadersInit | Promise<HeadersInit>) | undefined
  /** Where to begin. Default: where the server does. */
  readonly lastEventId?: string | undefined
  /** Called with each event. Nothing more is read until the promise it returns is settled. */
  readonly onEvent: (event: ReaderEvent) => void | Promise<void>
  /** Called with every change of the state. */
  readonly onState?: ((state: ConnectionState) => void) | undefined
  readonly ladder?: Partial<Ladder> | undefined
  readonly watch?: Partial<Patience> | undefined
  /** The longest event, in UTF-16 code units. Default 16 Mi: 16,777,216. */
  readonly maxEventLength?: number | undefined
}

/** Reads one stream. */
export interface Reader {
  readonly state: ConnectionState
  /** The id of the last event that `onEvent` is done with. */
  readonly lastEventId: string
  /** Looks at once whether the stream is alive, and tries again at once when it waits. */
  wake(): void
  /** Ends it for good. Idempotent. */
  close(): void
}

/**
 * Reads one stream across every interruption, with the ladder, the watchdog and the place of a
 * client and nothing else.
 *
 * @throws HeartlineError `HL_CLIENT_OPTION_INVALID`
 */
export function createReader(options: ReaderOptions): Reader {
  const { onEvent, onState } = options
  const setup = {
    ...resolveWorld(options),
    source: toSource(options),
    judge,
    ladder: resolveNumbers(LADDER_DEFAULTS, options.ladder),
    patience: resolveNumbers(PATIENCE_DEFAULTS, options.watch),
    ...resolveNumbers(EVENT_BOUND, options),
    retryMs: 0,
  }
  let { lastEventId = '' } = options
  const connection: Connection = new Connection(setup, {
    place: () => lastEventId,
    onState,
    async onItems(items) {
      for (const { type, data, id } of items) {
        if (connection.state.name === 'closed') return
        if (data !== undefined) await onEvent({ type, data, id })
        lastEventId = id
      }
    },
  })
  connection.start()
  return {
    get state() {
      return connection.state
    },
    get lastEventId() {
      return lastEventId
    },
    wake: () => connection.wake(),
    close: () => connection.stop(),
  }
}

function toSource({ url, headers }: ReaderOptions): StreamSource {
  return {
    endpoint: 0,
    prepare: async (resume) => {
      const init = { headers: new Headers(await headers?.()) }
      return toStreamRequest(new URL(url), init, resume)
    },
  }
}

const judge: Judge = {
  async refuse(response, { url, now }) {
    const { status, statusText: reason } = response
    if (isEventStream(response)) return undefined
    const error = toError(refused, { url, status, reason })
    const retryAfterMs = toRetryAfter(response, now)
    return { error, verdict: isPassing(status) ? 'retry' : 'stop', retryAfterMs }
  },
  explain: (url, thrown) => ({
    error: toError(network, { url, reason: reasonOf(thrown) }, thrown),
    verdict: 'retry',
  }),
}
