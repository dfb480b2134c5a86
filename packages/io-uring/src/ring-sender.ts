import { Arena } from './arena.ts'
import { Ring } from './ring.ts'
import type { SystemCalls } from './system-calls.ts'

/** Sends in one submission. More save nothing, fewer cost system calls. */
const CAPACITY = 512
/** Bytes that one submission can carry, shared ones counted once. */
const ARENA_BYTES = 1_048_576
/** What a send that was never tried answers: as if the socket had no room. */
const EAGAIN = 11

/**
 * Sends to many sockets in one system call. All within one turn of the event loop: `add` up to
 * `capacity` sends, then `submit`, then look at `results`.
 *
 * It knows nothing of the sockets: a send to one whose earlier bytes still wait elsewhere would
 * overtake them, and one to a descriptor that was closed meanwhile would reach a stranger. The caller
 * adds only sockets that are open and have nothing waiting, and lets no other code run before `submit`.
 */
export class RingSender {
  readonly capacity: number
  /** After `submit`: for each send the bytes taken, or a negative error number. */
  readonly results: Int32Array
  /** Sends that wait for `submit`. */
  count = 0
  /** True when the kernel refused a submission. `add` takes nothing any more. */
  isBroken = false
  readonly #ring: Ring
  readonly #arena: Arena

  /** @throws HeartlineError `HL_IO_URING_UNAVAILABLE` */
  constructor(calls: SystemCalls) {
    this.#ring = new Ring(calls, CAPACITY)
    this.#arena = new Arena(calls.mapFresh(ARENA_BYTES))
    this.capacity = this.#ring.capacity
    this.results = new Int32Array(this.capacity)
  }

  /** Its index is the `count` before. False when there is no room: submit first, or send it otherwise. */
  add(fd: number, bytes: Uint8Array): boolean {
    if (this.count === this.capacity || this.isBroken || !this.#arena.place(bytes)) return false
    this.#ring.set(this.count++, fd, this.#arena, bytes.length)
    return true
  }

  /** Sends what was added. Answers how many there were: so many of `results` are valid. */
  submit(): number {
    const { count, results } = this
    this.count = 0
    results.fill(-EAGAIN, 0, count)
    if (!this.#ring.submit(count, results)) this.isBroken = true
    this.#arena.clear()
    return count
  }
}
