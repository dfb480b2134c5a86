import type { LogState, Position } from '@heartline/broker'

/** What is true of the log after the last commit. Only the writer changes it. */
export class LogHead {
  readonly epoch: string
  base: Position
  /** Text bytes of everything up to and with the base. */
  baseBytes: number
  last: Position
  /** Text bytes of everything that was ever appended. */
  bytes: number

  constructor(state: LogState, baseBytes: number, bytes: number) {
    this.epoch = state.epoch
    this.base = state.base
    this.last = state.last
    this.baseBytes = baseBytes
    this.bytes = bytes
  }

  /** How many entries are kept. */
  get entries(): number {
    return this.last.offset - this.base.offset
  }

  get state(): LogState {
    return { epoch: this.epoch, base: this.base, last: this.last }
  }
}
