import type { Grant } from '../auth/grant.ts'
import type { Ticket, Tickets } from '../auth/ticket-store.ts'
import type { ToFirst } from './cluster-peers.ts'

/** Tickets are kept by the first process: any worker takes one, and only one does. */
export class SharedTickets implements Tickets {
  readonly #first: ToFirst

  constructor(first: ToFirst) {
    this.#first = first
  }

  issue(grant: Grant): Promise<Ticket> {
    return this.#first.ask('issue', grant)
  }

  redeem(ticket: string): Promise<Grant> {
    return this.#first.ask('redeem', { ticket })
  }
}
