import { randomBytes } from 'node:crypto'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'
import type { Grant } from './grant.ts'

/** How long a ticket can be used. */
const TICKET_LIFETIME_MS = 30_000
/** Unused tickets kept at once: about 5 MB at worst. */
const MAX_TICKETS = 10_000
/** Of one subject, so that one account cannot use up the store. */
const MAX_PER_SUBJECT = 100

/** What a ticket was exchanged for. */
export interface Ticket {
  readonly ticket: string
  /** Unix milliseconds. */
  readonly expiresAt: number
}

/** Where tickets are kept: in this process, or in one that several share. */
export interface Tickets {
  /** Issues a ticket that ends with the token. Rejects with `HL_TICKETS_FULL`. */
  issue(grant: Grant): Ticket | Promise<Ticket>
  /** Uses a ticket up. Rejects with `HL_TICKET_INVALID`, also when its token has expired. */
  redeem(ticket: string): Grant | Promise<Grant>
}

interface Stored {
  readonly grant: Grant
  readonly expiresAt: number
}

/** Short-lived, single-use stand-ins for a token, for readers that cannot set headers. */
export class TicketStore implements Tickets {
  readonly #now: () => number
  /** In order of issue, so that the first is the first to expire. */
  readonly #tickets = new Map<string, Stored>()
  readonly #perSubject = new Map<string, number>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** Issues a ticket that ends with the token. Throws `HL_TICKETS_FULL`. */
  issue(grant: Grant): Ticket {
    this.#forgetExpired()
    const subject = grant.subject ?? ''
    const waiting = this.#perSubject.get(subject) ?? 0
    const isOver = grant.subject !== undefined && waiting >= MAX_PER_SUBJECT
    if (isOver || this.#tickets.size >= MAX_TICKETS) {
      throw new HeartlineError(serverErrors.ticketsFull)
    }
    const ticket = randomBytes(32).toString('base64url')
    const expiresAt = this.#now() + TICKET_LIFETIME_MS
    this.#tickets.set(ticket, { grant, expiresAt })
    this.#perSubject.set(subject, waiting + 1)
    return { ticket, expiresAt }
  }

  /** Uses a ticket up. Throws `HL_TICKET_INVALID`, also when the token behind it has expired. */
  redeem(ticket: string): Grant {
    const stored = this.#tickets.get(ticket)
    if (stored !== undefined) this.#remove(ticket, stored)
    const now = this.#now()
    const isTokenOver = (stored?.grant.expiresAtMs ?? Infinity) <= now
    if (stored === undefined || stored.expiresAt <= now || isTokenOver) {
      throw new HeartlineError(serverErrors.ticketInvalid)
    }
    return stored.grant
  }

  #forgetExpired(): void {
    const now = this.#now()
    for (const [ticket, stored] of this.#tickets) {
      if (stored.expiresAt > now) return
      this.#remove(ticket, stored)
    }
  }

  #remove(ticket: string, stored: Stored): void {
    this.#tickets.delete(ticket)
    const subject = stored.grant.subject ?? ''
    const left = (this.#perSubject.get(subject) ?? 1) - 1
    if (left === 0) this.#perSubject.delete(subject)
    else this.#perSubject.set(subject, left)
  }
}
