import type { Clock } from '../clock.ts'
import { closed, toError } from '../errors.ts'
import { ItemReader, toText, type Item } from './item.ts'
import type { SharedState, ToMember } from './message.ts'
import { isPast, reaches } from './place-order.ts'
import { isWanted } from './selector.ts'
import type { Station } from './station.ts'

/** What it is made with. */
export interface StreamSetup {
  readonly member: string
  readonly topics: readonly string[]
  /** Where the tab goes on. */
  readonly place: string
  /** A server let this tab read these topics before. */
  readonly isProven: boolean
  /** It begins with a connection of its own. */
  readonly isAlone: boolean
  readonly clock: Clock
  readonly maxEventLength: number | undefined
  readonly station: Station
  /** The tab's own request, for when it reads for itself. */
  ownRequest(signal: AbortSignal): Promise<Response>
  /** The state of the shared connection; undefined: this tab reads for itself. */
  onState(state: SharedState | undefined): void
  /** The shared connection was refused. */
  onRefused(): void
  /** This tab has joined the others. */
  onProven(): void
  /** Nothing more comes. */
  onEnd(): void
}

/** Without an answer for so long there is nobody, or nobody awake. */
const ANSWER_MS = 1500
/** A connection that was quiet for so long is asked whether its tab is alive. */
const QUIET_MS = 10_000
const PONG_MS = 3000
/** A tab with a connection of its own asks to share again so often. */
const WANT_MS = 10_000
/** The most bytes that wait for the tab. */
const MOST_WAITING_BYTES = 4_194_304

/**
 * The stream as one tab's client reads it: text from the shared connection or, until the tab has
 * reached the place where that is, from a connection of its own. The client cannot tell.
 *
 * The seam: both are read until the own one is at a place that the shared one had; what the shared
 * one brought after that place follows, and the own one is ended.
 */
export class SharedStream {
  readonly #setup: StreamSetup
  readonly #abort = new AbortController()
  readonly #encoder = new TextEncoder()
  #mode: 'joining' | 'served' | 'own' = 'joining'
  #leader: string | undefined
  #seq = 0
  #place: string
  /** The shared connection may not have come this far: what it is told must not move us back. */
  #isAhead = false
  /** What the shared connection brought since it said `from`. */
  #buffer: Item[] | undefined
  #from = ''
  #ownAbort: AbortController | undefined
  #isOwnOpen = false
  #isHub = false
  #wantedAt = Number.NEGATIVE_INFINITY
  #heardAt = 0
  #timer: unknown
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined
  #onRoom: (() => void) | undefined
  #answer: { resolve(response: Response): void; reject(reason: unknown): void } | undefined

  constructor(setup: StreamSetup) {
    this.#setup = setup
    this.#place = setup.place
  }

  /** Resolves with the stream, or with the answer of a server that refuses it. */
  open(): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject }
      if (this.#setup.isAlone) this.#readAlone()
      else this.#join()
    })
  }

  receive(message: ToMember): void {
    if (this.#abort.signal.aborted) return
    if ('to' in message && message.to !== this.#setup.member) return
    this.#heardAt = this.#setup.clock.now()
    if (message.kind === 'leads') return this.#follow(message.leader)
    if ('to' in message && message.kind !== 'ask') this.#leader = message.leader
    if (message.leader !== this.#leader) return this.#mode === 'own' ? this.#want() : undefined
    this.#take(message)
  }

  /** The page or the machine woke up. */
  woke(): void {
    // A channel that was closed for the back/forward cache takes nothing.
    if (this.#abort.signal.aborted) return
    this.#setup.station.post({ kind: 'wake', from: this.#setup.member })
    this.#look()
  }

  /** There is no way to the others any more. */
  giveUp(reason: string): void {
    this.#answer?.reject(new TypeError(reason))
    this.#answer = undefined
    this.#fail(reason)
  }

  /** Leaves. */
  close(): void {
    if (this.#abort.signal.aborted) return
    this.#abort.abort()
    this.#ownAbort?.abort()
    this.#onRoom?.()
    this.#setup.clock.clearTimer(this.#timer)
    this.#setup.onState(undefined)
    this.#setup.onEnd()
    this.#answer?.reject(toError(closed))
  }

  #take(message: ToMember): void {
    if (message.kind === 'items') return this.#takeItems(message.seq, message.items)
    if (message.kind === 'serve' && this.#mode === 'joining') return this.#served(message)
    if (message.kind === 'behind' && this.#mode === 'joining') return this.#readAlone()
    if (message.kind === 'from' && this.#mode === 'own') {
      this.#seq = message.seq
      this.#from = message.place
      this.#buffer = []
      return this.#splice()
    }
    if (message.kind === 'state' && this.#mode === 'served') this.#setup.onState(message.state)
    if (message.kind === 'beat' && this.#mode === 'served') this.#write(`: hb ${this.#heardAt}\n\n`)
    if (message.kind !== 'down') return
    this.#buffer = undefined
    if (this.#mode !== 'served') return
    this.#setup.onRefused()
    this.#fail('the server refused it')
  }

  /** Another tab has the connection now. */
  #follow(leader: string): void {
    this.#leader = leader
    this.#buffer = undefined
    this.#wantedAt = Number.NEGATIVE_INFINITY
    if (this.#mode === 'own') this.#want()
    else this.#join()
  }

  #join(): void {
    const { member: from, topics, station, clock } = this.#setup
    this.#mode = 'joining'
    void station.ready.then(() => {
      if (this.#mode !== 'joining' || this.#abort.signal.aborted) return
      const isProven = this.#setup.isProven || this.#controller !== undefined
      station.post({ kind: 'join', from, topics, place: this.#place, isProven })
    })
    clock.clearTimer(this.#timer)
    this.#timer = clock.setTimer(() => this.#readAlone(), ANSWER_MS)
  }

  #served(message: ToMember & { readonly kind: 'serve' }): void {
    this.#seq = message.seq
    this.#share()
    this.#respond()
    this.#setup.onState(message.state)
    this.#emit(message.items)
  }

  #share(): void {
    this.#mode = 'served'
    this.#isAhead = true
    this.#buffer = undefined
    this.#setup.onProven()
    this.#lookLater(QUIET_MS, () => this.#look())
  }

  #takeItems(seq: number, items: readonly Item[]): void {
    if (this.#mode === 'joining') return
    if (this.#mode === 'own' && this.#buffer === undefined) return this.#want()
    if (seq !== ++this.#seq) return this.#fail('a message between tabs was lost')
    if (this.#mode === 'served') return this.#emit(items)
    this.#buffer?.push(...items)
    this.#splice()
  }

  /** Joins the others once the own connection is where the shared one is. */
  #splice(): void {
    const buffer = this.#buffer
    if (buffer === undefined || !this.#isOwnOpen) return
    const place = this.#place
    // One that began at no place has everything after the first id that it was told.
    const from = this.#from || (buffer.find(({ id }) => id !== undefined)?.id ?? '')
    const index = buffer.findLastIndex(({ id }) => id === place)
    if (index < 0 && !reaches(place, from)) return
    // A hub will say where this tab is, after what it sends first.
    if (place === '' && this.#isHub) return
    this.#ownAbort?.abort()
    this.#share()
    // From here on the one with the connection watches for silence.
    this.#write(': heartline heartbeat=0\n\n')
    this.#emit(buffer.slice(index + 1))
  }

  /** Asks the one with the connection to share it, and not all the time. */
  #want(): void {
    const { clock, member: from, topics, station } = this.#setup
    if (!this.#isOwnOpen || this.#buffer !== undefined) return
    if (clock.now() - this.#wantedAt < WANT_MS) return
    this.#wantedAt = clock.now()
    const want = { kind: 'want', from, topics, place: this.#place } as const
    void station.ready.then(() => station.post(want))
  }

  /** Nobody answers, or nobody has what this tab missed. */
  #readAlone(): void {
    this.#setup.clock.clearTimer(this.#timer)
    // The next request of the client carries the place.
    if (this.#controller !== undefined) return this.#fail('nobody shares the connection')
    this.#mode = 'own'
    void this.#readOwn()
  }

  async #readOwn(): Promise<void> {
    const own = (this.#ownAbort = new AbortController())
    try {
      const response = await this.#setup.ownRequest(own.signal)
      const isStream = response.status === 200 && response.body !== null
      if (this.#abort.signal.aborted) return
      if (!isStream) return this.#refused(response)
      this.#respond(response.headers.get('Heartline-Heartbeat'))
      this.#isOwnOpen = true
      this.#isHub = response.headers.has('Heartline-Session')
      this.#want()
      await this.#copy(response.body as ReadableStream<Uint8Array>)
      if (this.#mode === 'own') this.#fail('the stream ended')
    } catch (thrown) {
      if (this.#mode !== 'own' || this.#abort.signal.aborted) return
      this.#answer?.reject(thrown)
      this.#answer = undefined
      this.#fail(String(thrown))
    }
  }

  #refused(response: Response): void {
    this.#answer?.resolve(response)
    this.#answer = undefined
    // Its body is not read yet.
    this.#ownAbort = undefined
    this.close()
  }

  async #copy(body: ReadableStream<Uint8Array>): Promise<void> {
    const source = body.getReader()
    const comments: string[] = []
    const reader = new ItemReader(this.#setup.maxEventLength, (text) => comments.push(text))
    for (;;) {
      const { done, value } = await source.read()
      if (done || this.#mode !== 'own' || this.#abort.signal.aborted) return
      const items = reader.feed(value)
      for (const text of comments.splice(0)) this.#write(`: ${text}\n\n`)
      this.#emit(items)
      this.#splice()
      if (this.#mode === 'own') await this.#room()
    }
  }

  #room(): Promise<void> | void {
    if ((this.#controller?.desiredSize ?? 0) > 0) return
    return new Promise((resolve) => (this.#onRoom = resolve))
  }

  #respond(heartbeat: string | null = null): void {
    const answer = this.#answer
    if (answer === undefined) return
    this.#answer = undefined
    const body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#onRoom?.(),
        cancel: () => this.close(),
      },
      { highWaterMark: MOST_WAITING_BYTES, size: (chunk) => chunk?.byteLength ?? 0 },
    )
    const type = { 'Content-Type': 'text/event-stream', 'Heartline-Heartbeat': heartbeat ?? '0' }
    answer.resolve(new Response(body, { headers: type }))
    // The client expects the first byte of a hub at once.
    this.#write(':\n\n')
  }

  #emit(items: readonly Item[]): void {
    let text = ''
    let passed: string | undefined
    for (const item of items) {
      if (this.#isAhead && isPast(item, this.#place)) continue
      this.#isAhead &&= item.id === undefined
      const isForMe = isWanted(item, this.#setup.topics)
      if (item.id !== undefined) this.#place = item.id
      if (isForMe) text += toText(item)
      passed = isForMe ? undefined : (item.id ?? passed)
    }
    // What was for others is behind this tab, too.
    if (passed !== undefined) text += toText({ type: '', id: passed })
    if (text !== '') this.#write(text)
  }

  #write(text: string): void {
    const controller = this.#controller
    if (controller === undefined || this.#abort.signal.aborted) return
    controller.enqueue(this.#encoder.encode(text))
    const isFull = (controller.desiredSize ?? 0) < 0
    // It comes back with its place, and is served from there.
    if (isFull && this.#mode === 'served') this.#fail('the tab does not keep up')
  }

  /** Is the tab with the connection alive? Its timers may stand still; messages reach it. */
  #look(): void {
    const { clock, station, member: from } = this.#setup
    if (this.#mode !== 'served') return
    const quietMs = clock.now() - this.#heardAt
    if (quietMs < QUIET_MS) return this.#lookLater(QUIET_MS - quietMs, () => this.#look())
    station.post({ kind: 'ping', from })
    this.#lookLater(PONG_MS, () => {
      if (this.#mode !== 'served') return
      if (clock.now() - this.#heardAt < QUIET_MS) this.#look()
      else this.#fail('the tab with the connection does not answer')
    })
  }

  #lookLater(ms: number, look: () => void): void {
    const { clock } = this.#setup
    clock.clearTimer(this.#timer)
    this.#timer = clock.setTimer(look, Math.max(ms, 1))
  }

  /** The client comes back, with its place. */
  #fail(reason: string): void {
    if (this.#abort.signal.aborted) return
    const controller = this.#controller
    this.#controller = undefined
    this.close()
    controller?.error(new TypeError(reason))
  }
}
