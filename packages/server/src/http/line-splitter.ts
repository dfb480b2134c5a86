import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'

const LF = 0x0a

/** Collects chunks into whole lines of bytes, and never holds more than one line and a chunk. */
export class LineSplitter {
  readonly #maxLineBytes: number
  #pending: Buffer[] = []
  #pendingBytes = 0

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** The lines that a chunk completes, without their LF. Too long ones come as an error. */
  add(chunk: Buffer): (Buffer | HeartlineError)[] {
    const lines: (Buffer | HeartlineError)[] = []
    let start = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      lines.push(this.#complete(chunk.subarray(start, end)))
      start = end + 1
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start))
    if (this.#pendingBytes > this.#maxLineBytes) lines.push(this.#tooLong())
    return lines
  }

  /** What follows the last LF, if anything. */
  end(): (Buffer | HeartlineError)[] {
    return this.#pendingBytes === 0 ? [] : [this.#complete(Buffer.alloc(0))]
  }

  #keep(part: Buffer): void {
    this.#pending.push(part)
    this.#pendingBytes += part.length
  }

  #complete(tail: Buffer): Buffer | HeartlineError {
    const line = this.#pending.length === 0 ? tail : Buffer.concat([...this.#pending, tail])
    this.#pending = []
    this.#pendingBytes = 0
    return line.length > this.#maxLineBytes ? this.#tooLong() : line
  }

  #tooLong(): HeartlineError {
    return new HeartlineError(serverErrors.lineTooLong, { maxBytes: this.#maxLineBytes })
  }
}
