/** When to go on: what the flusher knows of time. */
export interface TurnClock {
  /** Milliseconds of a steady clock. */
  now(): number
  /** Calls back in a later turn of the event loop. */
  nextTurn(run: () => void): void
  /** Calls back after so many milliseconds. Answers what calls it off. */
  after(run: () => void, ms: number): () => void
}

/** The clock and the event loop of this process. */
export const systemTurns: TurnClock = {
  now: () => performance.now(),
  nextTurn: (run) => void setImmediate(run),
  after: (run, ms) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}
