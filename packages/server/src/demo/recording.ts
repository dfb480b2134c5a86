/** One thing that really happened, ready to publish. */
export interface RecordedEvent {
  readonly topic: string
  /** When it happened, in Unix milliseconds. */
  readonly at: number
  /** JSON without the fields that number the replay. */
  readonly data: Readonly<Record<string, unknown>>
}

/** Things that really happened, in the order in which they happened. Never empty. */
export interface Recording {
  /** Names it in publish ids and in the data (`kind`). */
  readonly kind: string
  /** Recorded milliseconds that pass in one millisecond of the replay at speed 1. */
  readonly pace: number
  readonly events: readonly RecordedEvent[]
}

/** Sorts by time; what happened at the same time stays in the order it was recorded in. */
export function inOrder(events: RecordedEvent[]): RecordedEvent[] {
  return events.sort((a, b) => a.at - b.at)
}
