import { Buffer } from 'node:buffer'
import type { Entry, Position } from '@heartline/broker'
import { CohortLog, PIECE_BYTES } from './cohort-log.ts'
import type { Frame } from './frame.ts'
import { rightsCover, selectorMatches } from './selector.ts'

/** Kept for laggards of a cohort: so much for each member, within the hub's bound. */
const KEPT_BYTES_PER_MEMBER = 16_384
const MIN_KEPT_BYTES = 65_536

/** What the sessions of a cohort have in common. */
export interface CohortTerms {
  /** Sorted, without duplicates. */
  readonly selectors: readonly string[]
  /** Private events need one of these to cover their topic. Undefined = all that the selectors match. */
  readonly privateRights: readonly string[] | undefined
}

/** What a cohort needs of its members: a place in the dense list. */
export interface CohortMember {
  index: number
}

/** Sessions that ask for the same thing and so share bytes. */
export class Cohort<Member extends CohortMember> {
  readonly key: string
  readonly terms: CohortTerms
  readonly log: CohortLog = new CohortLog()
  /** Dense; `member.index` is the place in it. */
  readonly members: Member[] = []
  /** True while the flusher has it in its queue. */
  isMarked = false
  #pending: Buffer[] = []
  #pendingBytes = 0
  #newestOffered = 0
  /** Members that have not taken all of the log. Most cohorts never have one. */
  #laggards: Set<Member> | undefined
  /** While its members are written to: the log's head that all of them will have been offered. */
  #flushing: number | undefined

  constructor(key: string, terms: CohortTerms) {
    this.key = key
    this.terms = terms
  }

  add(member: Member): void {
    member.index = this.members.length
    this.members.push(member)
  }

  /** O(1): the last member takes the free place. */
  delete(member: Member): void {
    this.caughtUp(member)
    const last = this.members.pop()
    if (last === undefined || last === member) return
    this.members[member.index] = last
    last.index = member.index
  }

  /** Whether the cohort's sessions are to see the entry. */
  wants(entry: Entry): boolean {
    return entry.topics.some((topic) => this.wantsOn(entry, topic))
  }

  /** Whether they are to see it because of this topic of it. */
  wantsOn(entry: Entry, topic: string): boolean {
    const isAsked = this.terms.selectors.some((selector) => selectorMatches(selector, topic))
    return isAsked && (entry.private !== true || rightsCover(this.terms.privateRights, topic))
  }

  /**
   * Takes a frame one of whose topics matched. Returns false when it was taken before through
   * another topic or selector, or is private and not allowed.
   */
  offer(frame: Frame): boolean {
    const { entry, bytes } = frame
    if (entry.position.offset === this.#newestOffered) return false
    if (entry.private === true && this.terms.privateRights !== undefined && !this.wants(entry)) {
      return false
    }
    this.#newestOffered = entry.position.offset
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    // What one reader is handed in one write stays small, however much comes in one turn.
    if (this.#pendingBytes >= PIECE_BYTES) this.seal(entry.position)
    return true
  }

  /** Moves what is pending into the log. Returns the log's head. */
  seal(last: Position): number {
    const parts = this.#pending
    const [first] = parts
    if (first !== undefined) {
      this.log.append(parts.length === 1 ? first : Buffer.concat(parts), parts.length, last)
      this.#pending = []
      this.#pendingBytes = 0
    }
    return this.log.head
  }

  /** Its members are about to be written to. `last` as for `seal`. */
  beginFlush(last: Position): void {
    this.isMarked = false
    this.#flushing = this.seal(last)
  }

  /** All members were offered what there was: frees what nobody needs, and bounds the rest. */
  endFlush(maxBytes: number): void {
    const served = this.#flushing
    this.#flushing = undefined
    if (this.#freeAll()) return
    const kept = Math.max(MIN_KEPT_BYTES, this.members.length * KEPT_BYTES_PER_MEMBER)
    // What came since is for all members.
    this.log.trim(Math.min(maxBytes, kept), served)
  }

  /** The member has taken less than the log holds. */
  fellBack(member: Member): void {
    this.#laggards ??= new Set()
    this.#laggards.add(member)
  }

  /** The member needs nothing of the log as it is. The last one frees it. */
  caughtUp(member: Member): void {
    if (this.#laggards?.delete(member) === true) this.#freeAll()
  }

  #freeAll(): boolean {
    if (this.#laggards !== undefined && this.#laggards.size > 0) return false
    if (this.isMarked || this.#flushing !== undefined) return false
    this.#laggards = undefined
    this.log.clear()
    return true
  }

  /** Forgets everything: the log behind the hub began a new life. */
  reset(): void {
    this.#pending = []
    this.#pendingBytes = 0
    this.#newestOffered = 0
    this.#laggards = undefined
    this.log.clear()
  }
}
