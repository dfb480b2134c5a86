import type { Hub } from '@heartline/hub'
import { Player } from './player.ts'
import type { Recording } from './recording.ts'
import { findPlaces, placeAfter } from './resume.ts'

/** Wait after a publish that failed. */
const RETRY_MS = 1_000

/** Options of {@link startReplay}. */
export interface ReplayOptions {
  readonly hub: Pick<Hub, 'publish' | 'history'>
  readonly recordings: readonly Recording[]
  /** How many times faster than the demo's own pace. Default 1. */
  readonly speed?: number | undefined
  /** Told about a publish that failed; it is tried again. Default: nobody. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A replay under way. */
export interface Replay {
  /** No publish begins after this; resolves when the one under way is answered. */
  stop(): Promise<void>
}

/**
 * Publishes recordings for ever, each at its own pace, going on where the log says it stopped.
 * Resolves once the log is read; the first events are published at once.
 */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const places = await findPlaces(options.hub)
  const timing = { speed: options.speed ?? 1, now: performance.now() }
  const players = options.recordings.map(
    (recording) => new Player(recording, placeAfter(recording, places.get(recording.kind)), timing),
  )
  const loop = new PublishLoop(options.hub, players, options.onError ?? (() => {}))
  loop.schedule(0)
  return loop
}

class PublishLoop implements Replay {
  readonly #hub: ReplayOptions['hub']
  readonly #players: readonly Player[]
  readonly #onError: (error: unknown) => void
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(
    hub: ReplayOptions['hub'],
    players: readonly Player[],
    onError: (error: unknown) => void,
  ) {
    this.#hub = hub
    this.#players = players
    this.#onError = onError
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#working
  }

  schedule(delayMs: number): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#working = this.#work()
    }, delayMs)
  }

  async #work(): Promise<void> {
    try {
      for (const player of this.#players) await this.#publishDue(player)
      const nextAt = Math.min(...this.#players.map((player) => player.nextAt))
      this.schedule(Math.max(nextAt - performance.now(), 0))
    } catch (error) {
      this.#onError(error)
      this.schedule(RETRY_MS)
    }
  }

  async #publishDue(player: Player): Promise<void> {
    const events = player.due(performance.now())
    if (events.length === 0 || this.#isStopped) return
    await this.#hub.publish(events)
    player.advance(events.length)
  }
}
