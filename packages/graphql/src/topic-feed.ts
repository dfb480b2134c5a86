import {
  createSession,
  type Framing,
  type Session,
  type Transport,
  type TransportListener,
} from '@heartline/session/fetch'
import { createParser, type EventParser, type ParsedEvent } from '@heartline/wire'
import { toError } from './errors.ts'
import { Place, placeOf, type Operation, type SourceGap } from './operation.ts'

/** One event of a hub. */
export interface TopicEvent {
  /** Its cursor. */
  readonly id: string
  /** `message` when the publisher named none. */
  readonly type: string
  /** JSON when it is JSON, else text. */
  readonly data: unknown
}

type Result = IteratorResult<TopicEvent, undefined>

interface Waiting {
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/**
 * A session of a hub whose reader is in this process. Until all events of a piece were taken, the
 * session counts as blocked: then nothing is queued for it, and the hub keeps its place.
 */
export class TopicFeed implements AsyncIterableIterator<TopicEvent>, Transport {
  readonly framing: Framing = 'raw'
  readonly protocol = 'fetch'
  readonly over = false
  readonly remoteAddress = undefined
  readonly session: Session
  readonly #place: Place
  readonly #parser: EventParser
  #listener: TransportListener | undefined
  #events: ParsedEvent[] = []
  #next = 0
  #waiting: Waiting[] = []
  #isBlocked = false
  #isClosed = false

  constructor(operation: Operation | undefined) {
    this.#place = operation === undefined ? new Place() : placeOf(operation)
    this.#parser = createParser({ onEvent: (event) => void this.#events.push(event) })
    // Nobody is on the way who could take silence for death, and resolvers may take their time.
    this.session = createSession(this, { heartbeatMs: 0, maxBlockedMs: 0 })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#serve()
    })
  }

  return(): Promise<Result> {
    this.#events = []
    this.#next = 0
    this.session.close('finished', { graceMs: 0 })
    this.#close()
    return Promise.resolve({ value: undefined, done: true })
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isClosed) return false
    this.#parser.feed(bytes)
    // Served by whoever writes, or a reader that takes all at once would be told from within.
    this.#deliver()
    this.#isBlocked = this.#next < this.#events.length
    return !this.#isBlocked
  }

  end(): void {
    this.#close()
  }

  destroy(): void {
    this.#close()
  }

  /** Hands over what there is, and asks for more when nothing is left. */
  #serve(): void {
    for (;;) {
      this.#deliver()
      if (this.#next < this.#events.length || this.#isClosed) break
      if (!this.#isBlocked) return
      this.#isBlocked = false
      this.#listener?.onWritable()
    }
    if (this.#isClosed && this.#next === this.#events.length) this.#settle()
  }

  #deliver(): void {
    while (this.#waiting.length > 0 && this.#next < this.#events.length) {
      const event = this.#events[this.#next++] as ParsedEvent
      if (event.type.startsWith('heartline.')) this.#control(event)
      else this.#hand(event)
    }
    if (this.#next < this.#events.length) return
    this.#events = []
    this.#next = 0
  }

  #hand(event: ParsedEvent): void {
    this.#place.id = event.lastEventId
    const { lastEventId: id, type } = event
    const value = { id, type, data: decode(event.data) }
    this.#waiting.shift()?.resolve({ value, done: false })
  }

  #control({ type, data, lastEventId }: ParsedEvent): void {
    if (type === 'heartline.gap') this.#place.gap = decode(data) as SourceGap
    if (lastEventId === '' || lastEventId === this.#place.id) return
    this.#place.id = lastEventId
    this.#place.onMoved?.(lastEventId)
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#place.onMoved = undefined
    this.#listener?.onTransportClosed('finished')
    this.#serve()
  }

  /** A hub that ends its reader has not ended the subscription: whoever reads should come back. */
  #settle(): void {
    const { reason = 'finished' } = this.session.end ?? {}
    for (const { resolve, reject } of this.#waiting.splice(0)) {
      if (reason === 'finished') resolve({ value: undefined, done: true })
      else reject(toError(reason === 'kicked' ? 'sourceFailed' : 'sourceEnded', { reason }))
    }
  }
}

function decode(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
