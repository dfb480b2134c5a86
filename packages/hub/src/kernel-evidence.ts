import {
  createKernelWatch,
  kernelRoundMs,
  type KernelRound,
  type KernelWatch,
  type Session,
} from '@heartline/session'
import type { ResolvedHubOptions } from './options.ts'
import type { Subscriber } from './subscriber.ts'

/** What the walk through the sessions needs of their table. */
interface Subscribers extends Iterable<Subscriber> {
  readonly size: number
}

/** Finds readers that went away without a word, by what the kernel knows, and counts the looks. */
export class KernelEvidence {
  /** Looks at all connections of the machine. 0 where it shows none. */
  rounds = 0
  /** Sessions whose peer did not answer in the last of them. */
  suspects = 0
  readonly #watch: KernelWatch | undefined

  constructor(subscribers: Subscribers, options: ResolvedHubOptions) {
    if (options.kernelEvidence === 'off') return
    this.#watch = createKernelWatch({
      sessions: new SessionsOf(subscribers),
      maxUnacknowledgedMs: options.maxUnacknowledgedMs,
      roundMs: kernelRoundMs(shortestHeartbeat(options)),
      maxBytesPerSecond: options.kernelBytesPerSecond,
      onRound: (round) => this.#note(round, options),
      onUnavailable: options.onKernelUnavailable,
    })
  }

  start(): void {
    this.#watch?.start()
  }

  stop(): void {
    this.#watch?.stop()
  }

  #note(round: KernelRound, options: ResolvedHubOptions): void {
    this.rounds++
    this.suspects = round.suspects
    options.onKernelRound(round)
  }
}

class SessionsOf implements Iterable<Session> {
  readonly #subscribers: Subscribers

  constructor(subscribers: Subscribers) {
    this.#subscribers = subscribers
  }

  get size(): number {
    return this.#subscribers.size
  }

  *[Symbol.iterator](): Iterator<Session> {
    for (const { session } of this.#subscribers) yield session
  }
}

/** 0 when there are none. */
function shortestHeartbeat({ heartbeatMs, namespaces }: ResolvedHubOptions): number {
  const all = [heartbeatMs, ...namespaces.map((namespace) => namespace.heartbeatMs ?? heartbeatMs)]
  const beating = all.filter((ms) => ms > 0)
  return beating.length === 0 ? 0 : Math.min(...beating)
}
