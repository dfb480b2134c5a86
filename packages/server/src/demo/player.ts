import type { PublishEvent } from '@heartline/hub'
import type { RecordedEvent, Recording } from './recording.ts'

/** A place in an endless replay: event `n` of run `run`. Runs count from 1, events from 0. */
export interface Place {
  readonly run: number
  readonly n: number
}

/** Pause between two runs of a recording. */
const PAUSE_MS = 2_000
/** One publish carries at most so many events, also after the machine slept. */
const MAX_BATCH = 100

/** Plays one recording again and again. Knows what is due; publishes nothing itself. */
export class Player {
  readonly recording: Recording
  readonly #speed: number
  #place: Place
  /** The clock when the current run was, or would have been, at its first event. */
  #runStart: number

  /** Starts with the event at `place`, which is due at `now`. */
  constructor(recording: Recording, place: Place, options: { speed: number; now: number }) {
    this.recording = recording
    this.#speed = options.speed
    this.#place = place
    this.#runStart = options.now - this.#sinceFirst(this.#eventAt(place.n))
  }

  /** When the next event is due, on the clock given to the constructor. */
  get nextAt(): number {
    return this.#runStart + this.#sinceFirst(this.#eventAt(this.#place.n))
  }

  /** What is due by `now`, of one run. Asked again it answers the same, until `advance`. */
  due(now: number): PublishEvent[] {
    const { run, n } = this.#place
    const batch: PublishEvent[] = []
    for (const event of this.recording.events.slice(n, n + MAX_BATCH)) {
      if (this.#runStart + this.#sinceFirst(event) > now) break
      batch.push(this.#toPublish(event, { run, n: n + batch.length }))
    }
    return batch
  }

  /** Moves on after `count` events that are published. */
  advance(count: number): void {
    const { run, n } = this.#place
    this.#place = { run, n: n + count }
    if (this.#place.n < this.recording.events.length) return
    const last = this.recording.events.length - 1
    this.#runStart += this.#sinceFirst(this.#eventAt(last)) + PAUSE_MS / this.#speed
    this.#place = { run: run + 1, n: 0 }
  }

  #toPublish(event: RecordedEvent, { run, n }: Place): PublishEvent {
    const { kind } = this.recording
    return {
      topic: event.topic,
      data: { kind, ...event.data, run, n },
      // An answer that was lost can be asked for again without publishing twice.
      publishId: `demo-${kind}-${run}-${n}`,
    }
  }

  #eventAt(n: number): RecordedEvent | undefined {
    return this.recording.events[n]
  }

  #sinceFirst(event: RecordedEvent | undefined): number {
    const first = this.#eventAt(0)
    if (event === undefined || first === undefined) return 0
    return (event.at - first.at) / this.recording.pace / this.#speed
  }
}
