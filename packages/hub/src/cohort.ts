import { Buffer } from 'node:buffer'
import type { Entry, Position } from '@heartline/broker'
import type { Framing } from '@heartline/session'
import { type CohortLog, type Piece, PIECE_BYTES } from './cohort-log.ts'
import { encodeTopics, type Frame } from './frame.ts'
import { giveBackLog, takeLog } from './log-pool.ts'
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
  /** Each event is told with those of its topics that the sessions asked for. Default false. */
  readonly tellsTopics?: boolean | undefined
}

/** What a cohort needs of its members: a place in the dense list. */
export interface CohortMember {
  index: number
}

// Ten thousands of cohorts have one idle reader each: what is empty costs them nothing.
const NO_MEMBERS: readonly never[] = Object.freeze([])
const NO_PASS = -1

/** Sessions that ask for the same thing and so share bytes. */
export class Cohort<Member extends CohortMember> {
  readonly key: string
  readonly terms: CohortTerms
  /** True while something is pending that no pass has begun with. */
  isMarked = false
  /** While a pass is under way: the members below this index have their turn yet. */
  unserved = 0
  /** Of the queue it is in. */
  next: Cohort<Member> | undefined = undefined
  #members: Member[] | undefined = undefined
  /** Only while a member may need something of it. */
  #log: CohortLog | undefined = undefined
  /** Without a log: the position at which the next one begins. */
  #idleAt = 0
  #newestOffered = 0
  /** Members that have not taken all of the log. Most cohorts never have one. */
  #laggards: Set<Member> | undefined = undefined
  /** While a pass is under way: the log's head that all members will have been offered; else -1. */
  #passHead: number = NO_PASS

  constructor(key: string, terms: CohortTerms) {
    this.key = key
    this.terms = terms
  }

  /** Dense; `member.index` is the place in it. */
  get members(): readonly Member[] {
    return this.#members ?? NO_MEMBERS
  }

  /** Position after all that was sealed into the shared log. */
  get head(): number {
    return this.#log === undefined ? this.#idleAt : this.#log.head
  }

  /** The oldest position of the shared log that can still be read. */
  get base(): number {
    return this.#log === undefined ? this.#idleAt : this.#log.base
  }

  get isInPass(): boolean {
    return this.#passHead !== NO_PASS
  }

  add(member: Member): void {
    member.index = this.members.length
    // A literal has room for one; an empty array makes room for many with its first push.
    if (this.#members === undefined) this.#members = [member]
    else this.#members.push(member)
  }

  /** O(1): the last member takes the free place. */
  delete(member: Member): void {
    this.caughtUp(member)
    const last = this.#members?.pop()
    if (this.#members === undefined || last === undefined || last === member) return
    this.#members[member.index] = last
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

  /** The frame as it is sent to the sessions. */
  bytesOf(frame: Frame): Buffer {
    const told = this.told(frame.entry)
    return told === '' ? frame.bytes : Buffer.concat([Buffer.from(told), frame.bytes])
  }

  /**
   * What stands before an event for sessions that asked for topics, else `''`. Other topics of the
   * event are none of their business.
   */
  told(entry: Entry): string {
    if (this.terms.tellsTopics !== true) return ''
    return encodeTopics(entry.topics.filter((topic) => this.wantsOn(entry, topic)))
  }

  /**
   * Takes a frame one of whose topics matched. Returns false when it was taken before through
   * another topic or selector, or is private and not allowed.
   */
  offer(frame: Frame): boolean {
    const { entry } = frame
    if (entry.position.offset === this.#newestOffered) return false
    if (entry.private === true && this.terms.privateRights !== undefined && !this.wants(entry)) {
      return false
    }
    this.#newestOffered = entry.position.offset
    this.#log ??= takeLog(this.#idleAt)
    this.#log.add(this.bytesOf(frame))
    // What one reader is handed in one write stays small, however much comes in one turn.
    if (this.#log.pendingBytes >= PIECE_BYTES) this.#log.seal(entry.position)
    return true
  }

  /** Moves what is pending into the log. Returns the log's head. */
  seal(last: Position): number {
    this.#log?.seal(last)
    return this.head
  }

  /** The next piece for a member at `from`, which must be in `[base, head)`. */
  piece(from: number, framing: Framing): Piece {
    this.#log ??= takeLog(this.#idleAt)
    return this.#log.piece(from, framing)
  }

  /** Its members are about to be written to. `last` as for `seal`. */
  beginPass(last: Position): void {
    this.isMarked = false
    this.#passHead = this.seal(last)
    this.unserved = this.members.length
  }

  /** All members were offered what there was: frees what nobody needs, and bounds the rest. */
  endPass(maxBytes: number): void {
    const served = this.#passHead
    this.#passHead = NO_PASS
    if (this.#freeAll()) return
    const kept = Math.max(MIN_KEPT_BYTES, this.members.length * KEPT_BYTES_PER_MEMBER)
    // What came since is for all members.
    this.#log?.trim(Math.min(maxBytes, kept), served)
  }

  get hasLaggards(): boolean {
    return this.#laggards !== undefined
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
    if (this.isMarked || this.isInPass) return false
    this.#laggards = undefined
    this.#dropLog()
    return true
  }

  /** Forgets everything: the log behind the hub began a new life. */
  reset(): void {
    this.#newestOffered = 0
    this.#laggards = undefined
    this.#dropLog()
  }

  #dropLog(): void {
    if (this.#log === undefined) return
    this.#idleAt = this.#log.head
    giveBackLog(this.#log)
    this.#log = undefined
  }
}
