import type { Session } from '../session.ts'
import type { Unanswered } from './tcp-table.ts'

/**
 * Sent in vain before a peer counts as gone, however long it took: on a slow path a pause of the
 * process would else pass for a silence of the peer.
 */
const MIN_ATTEMPTS = 3

/** A connection whose peer does not answer, and since when. */
export class Suspect {
  line: Unanswered
  /** Milliseconds for which the peer has acknowledged nothing: as seen, or as the kernel tells. */
  silentMs: number
  /** Those on this connection; undefined until they were looked for. */
  sessions: Session[] | undefined = undefined

  constructor(line: Unanswered) {
    this.line = line
    this.silentMs = line.silentMs
  }

  /** True when sessions are on it. Other connections of this machine are of no interest. */
  get isOurs(): boolean {
    return this.sessions !== undefined && this.sessions.length > 0
  }
}

/**
 * What is remembered between two looks at the tables: for how long each suspect has acknowledged
 * nothing. One acknowledgement is enough to begin from zero.
 */
export class Suspects {
  readonly #maxMs: number
  #byConnection = new Map<string, Suspect>()

  /** @param maxMs Silence after which a suspect is gone. */
  constructor(maxMs: number) {
    this.#maxMs = maxMs
  }

  /** Notes what one look found. `passedMs`: since the look before. */
  look(lines: readonly Unanswered[], passedMs: number): void {
    const next = new Map<string, Suspect>()
    for (const line of lines) {
      const key = keyOf(line)
      // While connections come and go, the kernel may tell of one twice in one look.
      if (next.has(key)) continue
      const known = this.#byConnection.get(key)
      if (known === undefined || !isSameSilence(known.line, line)) {
        next.set(key, new Suspect(line))
        continue
      }
      known.line = line
      known.silentMs = Math.max(known.silentMs + passedMs, line.silentMs)
      next.set(key, known)
    }
    this.#byConnection = next
  }

  /** Those whose sessions were not looked for yet. */
  get strangers(): Suspect[] {
    return [...this.#byConnection.values()].filter(({ sessions }) => sessions === undefined)
  }

  /** Sessions under suspicion. */
  get sessions(): number {
    let count = 0
    for (const { sessions } of this.#byConnection.values()) count += sessions?.length ?? 0
    return count
  }

  /** Milliseconds until the first of them may be gone; Infinity while nobody is suspected. */
  get leftMs(): number {
    let left = Infinity
    for (const suspect of this.#byConnection.values()) {
      if (suspect.isOurs) left = Math.min(left, this.#maxMs - suspect.silentMs)
    }
    return left
  }

  /** Takes those out that are gone. */
  takeGone(): Suspect[] {
    const gone: Suspect[] = []
    for (const [key, suspect] of this.#byConnection) {
      const { silentMs, line } = suspect
      if (!suspect.isOurs || silentMs < this.#maxMs || line.attempts < MIN_ATTEMPTS) continue
      this.#byConnection.delete(key)
      gone.push(suspect)
    }
    return gone
  }
}

/** Every acknowledgement sets attempts back to 0, and one of data lessens what is due. */
function isSameSilence(before: Unanswered, now: Unanswered): boolean {
  return (
    before.waiting === now.waiting &&
    now.attempts >= before.attempts &&
    now.unacknowledgedBytes >= before.unacknowledgedBytes
  )
}

function keyOf({ localPort, remotePort, localAddress, remoteAddress }: Unanswered): string {
  return `${localAddress}:${localPort} ${remoteAddress}:${remotePort}`
}
