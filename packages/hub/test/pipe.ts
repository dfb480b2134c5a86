import {
  createSession,
  type Framing,
  type Session,
  type SessionOptions,
  type Transport,
  type TransportListener,
} from '@heartline/session'
import { createParser, type ParsedEvent } from '@heartline/wire'
import type { Hub, SubscribeRequest } from '../src/index.ts'

/** A reader in this process: takes bytes at once, or holds them back when it is told to. */
export class Pipe implements Transport {
  readonly framing: Framing = 'raw'
  readonly protocol = 'fetch'
  readonly remoteAddress = undefined
  readonly over = false
  readonly all: ParsedEvent[] = []
  /** Sizes of the writes. */
  readonly writes: number[] = []
  /** Writes are not taken while true. */
  isHeld = false
  isEnded = false
  /** Called within each write, before it is looked at. */
  onWrite: (bytes: Uint8Array) => void = () => {}
  #held: Uint8Array[] = []
  #listener: TransportListener | undefined
  readonly #parser = createParser({ onEvent: (event) => void this.all.push(event) })

  get events(): ParsedEvent[] {
    return this.all.filter((event) => !event.type.startsWith('heartline.'))
  }

  get data(): string[] {
    return this.events.map((event) => event.data)
  }

  get gaps(): { from: string; to: string; reason: string }[] {
    return this.all.filter((e) => e.type === 'heartline.gap').map((e) => JSON.parse(e.data))
  }

  get ids(): string[] {
    return this.all.map((event) => event.lastEventId).filter((id) => id !== '')
  }

  get isLive(): boolean {
    return this.all.some((event) => event.type === 'heartline.cursor')
  }

  get heldBytes(): number {
    return this.#held.reduce((sum, bytes) => sum + bytes.length, 0)
  }

  listen(listener: TransportListener): void {
    this.#listener = listener
  }

  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes.length)
    this.onWrite(bytes)
    if (this.isHeld) {
      this.#held.push(bytes)
      return false
    }
    this.#parser.feed(bytes)
    return true
  }

  /** Takes what was held back and all that follows. */
  release(): void {
    this.isHeld = false
    const held = this.#held
    this.#held = []
    for (const bytes of held) this.#parser.feed(bytes)
    if (held.length > 0) this.#listener?.onWritable()
  }

  leave(): void {
    this.#listener?.onTransportClosed('disconnected')
    this.#listener = undefined
  }

  end(): void {
    this.isEnded = true
    this.#listener?.onTransportClosed('finished')
    this.#listener = undefined
  }

  destroy(): void {
    this.end()
  }
}

/** Subscribes a pipe to a hub. */
export function attachPipe(
  hub: Hub,
  request: SubscribeRequest,
  options: SessionOptions & { pipe?: Pipe } = {},
): { pipe: Pipe; session: Session } {
  const { pipe = new Pipe(), ...sessionOptions } = options
  const session = createSession(pipe, { heartbeatMs: 0, ...sessionOptions })
  hub.attach(session, hub.admit(request))
  return { pipe, session }
}
