import { Buffer } from 'node:buffer'
import { frameChunk, type Framing } from '@heartline/session'
import { encodeCursorEvent } from './frame.ts'
import type { LogFollower } from './log-follower.ts'

/** The `heartline.cursor` event of the follower's position, encoded once for all who are told it. */
export class CursorFrames {
  readonly #follower: LogFollower
  #epoch = ''
  #offset = -1
  #raw: Buffer = Buffer.alloc(0)
  #chunked: Buffer | undefined

  constructor(follower: LogFollower) {
    this.#follower = follower
  }

  /** Framed for a session. */
  get(framing: Framing): Buffer {
    const { epoch, position } = this.#follower
    if (position.offset !== this.#offset || epoch !== this.#epoch) {
      this.#epoch = epoch
      this.#offset = position.offset
      this.#raw = Buffer.from(encodeCursorEvent(epoch, position))
      this.#chunked = undefined
    }
    if (framing === 'raw') return this.#raw
    this.#chunked ??= frameChunk(this.#raw)
    return this.#chunked
  }
}
