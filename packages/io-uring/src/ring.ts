import type { SystemCalls } from './system-calls.ts'
import { unavailable } from './system-calls.ts'

/** struct io_uring_params: io_uring_setup(2). Byte offsets. */
const PARAMETERS_BYTES = 120
const SQ_ENTRIES = 0
const CQ_ENTRIES = 4
const SQ_OFFSETS = 40
const CQ_OFFSETS = 80
/** Within SQ_OFFSETS and CQ_OFFSETS. */
const HEAD = 0
const TAIL = 4
const SQ_ARRAY = 24
const CQ_CQES = 20

/** Where the parts of a ring are mapped (IORING_OFF_*). */
const OFFSET_RING = 0
const OFFSET_SQES = 0x1000_0000
/** IORING_FEAT_SINGLE_MMAP: both rings lie in one mapping (Linux 5.4). */
const FEATURES = 20
const FEATURE_SINGLE_MMAP = 1

const SQE_BYTES = 64
const SQE_WORDS = SQE_BYTES / 4
const CQE_WORDS = 4

/** IORING_OP_SEND (Linux 5.6). */
const OP_SEND = 26
/** MSG_NOSIGNAL | MSG_DONTWAIT: no signal for a closed peer, and complete at once, whatever it is. */
const SEND_FLAGS = 0x4000 | 0x40

/** Words of a submission queue entry, see io_uring_enter(2). */
const WORD_OP = 0
const WORD_FD = 1
const WORD_ADDRESS_LOW = 4
const WORD_ADDRESS_HIGH = 5
const WORD_LENGTH = 6
const WORD_FLAGS = 7
const WORD_INDEX = 8

const EINTR = 4

/** An address in two halves of 32 bits. */
export interface Address {
  readonly low: number
  readonly high: number
}

/**
 * One submission and one completion queue, used for sends that complete within the system call that
 * submits them. Whoever adds sends counts them, submits, and reads the results; nothing is ever left
 * in the queues between two turns of the event loop.
 */
export class Ring {
  /** How many sends fit into one submission. */
  readonly capacity: number
  readonly #calls: SystemCalls
  readonly #fd: number
  readonly #entries: Int32Array
  readonly #mask: number
  readonly #submitted: Int32Array
  readonly #completed: Int32Array
  readonly #tailWord: number
  readonly #completedHeadWord: number
  readonly #completedTailWord: number
  readonly #completedMask: number
  readonly #completedFirst: number
  /** Our copy of the submission queue's tail. */
  #tail: number

  /** @throws HeartlineError `HL_IO_URING_UNAVAILABLE` */
  constructor(calls: SystemCalls, capacity: number) {
    this.#calls = calls
    const parameters = new Uint8Array(PARAMETERS_BYTES)
    this.#fd = calls.setup(capacity, parameters)
    const view = new DataView(parameters.buffer)
    const word = (offset: number): number => view.getUint32(offset, true)
    if ((word(FEATURES) & FEATURE_SINGLE_MMAP) === 0) throw unavailable('the kernel is too old')
    this.capacity = word(SQ_ENTRIES)
    const sqBytes = word(SQ_OFFSETS + SQ_ARRAY) + this.capacity * 4
    const cqBytes = word(CQ_OFFSETS + CQ_CQES) + word(CQ_ENTRIES) * CQE_WORDS * 4
    const rings = calls.mapRing(this.#fd, Math.max(sqBytes, cqBytes), OFFSET_RING)
    const entries = calls.mapRing(this.#fd, this.capacity * SQE_BYTES, OFFSET_SQES)
    this.#submitted = new Int32Array(rings.memory)
    this.#completed = this.#submitted
    this.#entries = new Int32Array(entries.memory)
    this.#mask = this.capacity - 1
    this.#tailWord = word(SQ_OFFSETS + TAIL) >>> 2
    this.#completedHeadWord = word(CQ_OFFSETS + HEAD) >>> 2
    this.#completedTailWord = word(CQ_OFFSETS + TAIL) >>> 2
    this.#completedMask = word(CQ_ENTRIES) - 1
    this.#completedFirst = word(CQ_OFFSETS + CQ_CQES) >>> 2
    this.#tail = this.#submitted[this.#tailWord] ?? 0
    this.#prepare(word(SQ_OFFSETS + SQ_ARRAY) >>> 2)
  }

  /** What never changes: entry i of the queue is entry i of the table, and each of them sends. */
  #prepare(arrayWord: number): void {
    for (let i = 0; i < this.capacity; i++) {
      this.#submitted[arrayWord + i] = i
      this.#entries[i * SQE_WORDS + WORD_OP] = OP_SEND
      this.#entries[i * SQE_WORDS + WORD_FLAGS] = SEND_FLAGS
    }
  }

  /** Fills in send number `index` of the next submission. */
  set(index: number, fd: number, address: Address, bytes: number): void {
    const at = ((this.#tail + index) & this.#mask) * SQE_WORDS
    const entries = this.#entries
    entries[at + WORD_FD] = fd
    entries[at + WORD_ADDRESS_LOW] = address.low
    entries[at + WORD_ADDRESS_HIGH] = address.high
    entries[at + WORD_LENGTH] = bytes
    entries[at + WORD_INDEX] = index
  }

  /**
   * Submits the first `count` sends and writes their results (bytes taken, or -errno) into `results`.
   * False when the kernel did not take all of them: those have no result, and the ring is unusable.
   */
  submit(count: number, results: Int32Array): boolean {
    const start = this.#tail
    this.#moveTail(start + count)
    let taken = 0
    while (taken < count) {
      const more = this.#calls.enter(this.#fd, count - taken, 0)
      if (more === -EINTR) continue
      if (more <= 0) break
      taken += more
    }
    // What was not taken must not go out with a later submission.
    if (taken < count) this.#moveTail(start + taken)
    return this.#collect(taken, results) && taken === count
  }

  #moveTail(tail: number): void {
    this.#tail = tail | 0
    this.#submitted[this.#tailWord] = this.#tail
  }

  #collect(expected: number, results: Int32Array): boolean {
    let left = expected - this.#take(results)
    while (left > 0) {
      // A kernel that completes a send later than in the call: wait, since the bytes are ours only then.
      const waited = this.#calls.enter(this.#fd, 0, left)
      if (waited < 0 && waited !== -EINTR) return false
      left -= this.#take(results)
    }
    return true
  }

  /** Takes what is complete. Answers how many. */
  #take(results: Int32Array): number {
    const ring = this.#completed
    const tail = ring[this.#completedTailWord] ?? 0
    let head = ring[this.#completedHeadWord] ?? 0
    let count = 0
    while (head !== tail) {
      const at = this.#completedFirst + (head & this.#completedMask) * CQE_WORDS
      results[ring[at] ?? 0] = ring[at + 2] ?? 0
      head = (head + 1) | 0
      count++
    }
    ring[this.#completedHeadWord] = head
    return count
  }
}
