import { Buffer } from 'node:buffer'
import type { Entry, Position } from '@heartline/broker'
import { CohortLog } from './cohort-log.ts'
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
  #newestOffered = 0

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
    return true
  }

  /** Moves what is pending into the log. Returns the log's head. */
  seal(last: Position): number {
    const parts = this.#pending
    const [first] = parts
    if (first !== undefined) {
      this.log.append(parts.length === 1 ? first : Buffer.concat(parts), parts.length, last)
      this.#pending = []
    }
    return this.log.head
  }

  /** Frees what nobody needs after a flush. */
  trim(hasLaggards: boolean, maxBytes: number): void {
    if (!hasLaggards) return this.log.clear()
    const kept = Math.max(MIN_KEPT_BYTES, this.members.length * KEPT_BYTES_PER_MEMBER)
    this.log.trim(Math.min(maxBytes, kept))
  }

  /** Forgets everything: the log behind the hub began a new life. */
  reset(): void {
    this.#pending = []
    this.#newestOffered = 0
    this.log.clear()
  }
}
