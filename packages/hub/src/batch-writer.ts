import { IN_BATCH, NO_BATCH, type BatchMember, type WriteBatch } from '@heartline/session'

/**
 * Sends to many sockets in one system call. `@heartline/io-uring` makes one; without any, each
 * session is written to on its own.
 */
export interface BatchSender {
  /** Sends that one submission can hold. */
  readonly capacity: number
  /** Sends that wait for `submit`. */
  readonly count: number
  /** After `submit`: bytes taken of each send, or a negative error number. */
  readonly results: Int32Array
  /** False when there is no room for it, or no more is taken at all. */
  add(fd: number, bytes: Uint8Array): boolean
  /** Sends what was added, whole or in part, and waits for nothing. Answers how many there were. */
  submit(): number
}

/**
 * Writes to sessions, many in one system call where a sender was given. Nothing may be left in it
 * between two turns of the event loop, nor when code of others runs: whoever writes also flushes.
 */
export class BatchWriter implements WriteBatch {
  readonly #sender: BatchSender | undefined
  /** For each send its session and its bytes. */
  readonly #sessions: (BatchMember | undefined)[] = []
  readonly #pieces: (Uint8Array | undefined)[] = []
  /** The number of the batch that is being gathered. */
  #batch = 1

  constructor(sender: BatchSender | undefined) {
    this.#sender = sender
  }

  /**
   * Writes now or with the batch. False, and nothing is taken, when the session turned out to be
   * blocked by what the batch already held for it. Must not be called for one that is blocked.
   */
  write(session: BatchMember, bytes: Uint8Array): boolean {
    const sender = this.#sender
    if (sender === undefined) return hand(session, bytes)
    if (sender.count === sender.capacity) this.flush()
    const fd = session.joinBatch(this.#batch)
    if (fd === NO_BATCH) return hand(session, bytes)
    const place = sender.count
    if (fd !== IN_BATCH && sender.add(fd, bytes)) {
      this.#sessions[place] = session
      this.#pieces[place] = bytes
      return true
    }
    // What the batch holds for it leaves first, and a batch without room is sent anyway.
    this.flush()
    return !session.isBlocked && hand(session, bytes)
  }

  /** Sends the batch. What the kernel did not take of it goes through the sessions. */
  flush(): void {
    const sender = this.#sender
    if (sender === undefined || sender.count === 0) return
    const count = sender.submit()
    this.#batch++
    for (let i = 0; i < count; i++) {
      const taken = sender.results[i] ?? 0
      const session = this.#sessions[i]
      const bytes = this.#pieces[i]
      this.#sessions[i] = undefined
      if (session === undefined || bytes === undefined || taken === bytes.length) continue
      // An error shows again at the ordinary write, which knows what to do about it.
      hand(session, bytes.subarray(Math.max(0, taken)))
    }
  }
}

/** A transport that throws costs its own session, not the flush of all others. */
function hand(session: BatchMember, bytes: Uint8Array): true {
  try {
    session.writeFramed(bytes)
  } catch (error) {
    session.close('error', { graceMs: 0, error })
  }
  return true
}
