import type { Clock } from '../clock.ts'
import { Leader } from './leader.ts'
import { gone, hold, memberLock } from './locks.ts'
import type { Hello, SharedSetup, ToLeader, ToMember } from './message.ts'
import type { UpstreamWorld } from './upstream.ts'

/** A tab's way to the shared connection, for as long as it reads. */
export interface Station {
  /** Resolves when the others can notice that this tab is gone: before, it must not be heard of. */
  readonly ready: Promise<void>
  post(message: ToLeader): void
  /** Leaves, at once: a page in the back/forward cache must hold nothing. */
  close(): void
}

/** What a station is opened with. */
export interface StationSetup {
  /** Names the tabs that share. */
  readonly name: string
  readonly member: string
  readonly setup: SharedSetup
  readonly world: UpstreamWorld
  readonly clock: Clock
  onMessage(message: ToMember): void
}

/** How long a new leader listens when others wait for the lock. */
const COLLECT_MS = 60

/** A worker that said nothing for so long is not there: it ended before it could be known. */
const DEAD_MS = 15_000

/**
 * One tab has the connection, the others hear what comes on a channel. Which one is a question of a
 * lock: the browser frees it when a tab ends, however it ends.
 */
export class TabStation implements Station {
  readonly ready: Promise<void>
  readonly #options: StationSetup
  readonly #channel: BroadcastChannel
  readonly #abort = new AbortController()
  #leader: Leader | undefined

  constructor(options: StationSetup) {
    this.#options = options
    this.#channel = new BroadcastChannel(options.name)
    this.#channel.onmessage = ({ data }: MessageEvent<ToLeader | ToMember>) => this.#receive(data)
    const { name, member } = options
    const { signal } = this.#abort
    this.ready = hold(memberLock(name, member), signal)
    void hold(name, signal).then(() => this.#lead())
  }

  post(message: ToLeader): void {
    if (this.#abort.signal.aborted) return
    const leader = this.#leader
    // Not in this turn: the answer must not come before the question returned.
    if (leader !== undefined) queueMicrotask(() => leader.receive(message))
    else this.#channel.postMessage(message)
  }

  close(): void {
    if (this.#abort.signal.aborted) return
    const { member } = this.#options
    if (this.#leader === undefined) this.post({ kind: 'leave', from: member })
    this.#leader?.close()
    this.#leader = undefined
    this.#abort.abort()
    this.#channel.close()
  }

  async #lead(): Promise<void> {
    const { name, member, setup, world, clock } = this.#options
    const { pending = [] } = await navigator.locks.query()
    if (this.#abort.signal.aborted) return
    const others = pending.filter((lock) => lock.name === name).length
    this.#leader = new Leader({
      id: member,
      setup,
      world,
      clock,
      collectMs: others > 0 ? COLLECT_MS : 0,
      send: (message) => this.#tell(message),
      gone: (other, signal) => gone(name, other, signal),
    })
  }

  #tell(message: ToMember): void {
    if (this.#abort.signal.aborted) return
    this.#channel.postMessage(message)
    queueMicrotask(() => this.#receive(message))
  }

  #receive(message: ToLeader | ToMember): void {
    if (this.#abort.signal.aborted) return
    if ('leader' in message) this.#options.onMessage(message)
    else this.#leader?.receive(message)
  }
}

/** A shared worker has the connection. */
export class WorkerStation implements Station {
  readonly ready: Promise<void>
  readonly #port: MessagePort
  readonly #member: string
  readonly #abort = new AbortController()

  /** @param on `broken`: the worker cannot be loaded. `lost`: it was there and ended. */
  constructor(
    worker: SharedWorker,
    options: StationSetup,
    on: { readonly broken: () => void; readonly lost: () => void },
  ) {
    const { name, member, setup, clock } = options
    const { signal } = this.#abort
    let isKnown = false
    const timer = clock.setTimer(on.lost, DEAD_MS)
    signal.addEventListener('abort', () => clock.clearTimer(timer), { once: true })
    this.#port = worker.port
    this.#member = member
    worker.onerror = on.broken
    this.#port.onmessage = ({ data }: MessageEvent<ToMember>) => {
      if (signal.aborted) return
      options.onMessage(data)
      // Systems with little memory end workers, and nobody is told.
      clock.clearTimer(timer)
      if (!isKnown) gone(name, data.leader, signal).then(on.lost, () => {})
      isKnown = true
    }
    this.#port.postMessage({ name, member, setup } satisfies Hello)
    // The worker is not told when a tab crashes; the lock is.
    this.ready = hold(memberLock(name, member), signal)
  }

  post(message: ToLeader): void {
    this.#port.postMessage(message)
  }

  close(): void {
    if (this.#abort.signal.aborted) return
    this.post({ kind: 'leave', from: this.#member })
    this.#abort.abort()
    this.#port.close()
  }
}
