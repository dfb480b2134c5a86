import { randomBytes } from 'node:crypto'
import type { Broker, WritableState } from '@heartline/broker'
import { AppendDesk } from './append-desk.ts'
import { LogFeed } from './log-feed.ts'

/** The log of this hub as its relays use it. */
export class SharedLog {
  readonly broker: Broker & Partial<WritableState>
  readonly feed: LogFeed
  readonly desk: AppendDesk

  constructor(broker: Broker & Partial<WritableState>) {
    const instance = randomBytes(9).toString('hex')
    this.broker = broker
    this.feed = new LogFeed(broker, instance)
    this.desk = new AppendDesk(broker, instance)
  }

  /** Sends all relays away. The broker is not closed. */
  close(): void {
    this.feed.close()
  }
}
