import { brokerErrors, type Broker, type NewEntry } from '@heartline/broker'
import type { AppendGroup, AppendOutcome } from '@heartline/broker-relay'
import { toProblem } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'

/** The last request of so many relays is remembered. Which one sent longest ago is forgotten. */
const MAX_RELAYS = 1_000

interface Remembered {
  readonly seq: number
  readonly outcomes: Promise<readonly AppendOutcome[]>
}

/**
 * Takes the appends of relays. A relay repeats a request when it does not know whether it arrived;
 * since it sends one at a time, its last one is all there is to remember.
 */
export class AppendDesk {
  readonly #broker: Broker
  readonly #instance: string
  readonly #relays = new Map<string, Remembered>()

  constructor(broker: Broker, instance: string) {
    this.#broker = broker
    this.#instance = instance
  }

  /**
   * What became of each append of the group. Rejects with `HL_RELAY_OUTDATED` for a request that
   * was overtaken by a later one of its relay.
   */
  take(group: AppendGroup): Promise<readonly AppendOutcome[]> {
    const last = this.#relays.get(group.relay)
    if (last !== undefined && group.seq === last.seq) return last.outcomes
    if (last !== undefined && group.seq < last.seq) {
      return Promise.reject(new HeartlineError(serverErrors.relayOutdated))
    }
    // Started in this turn and in order: nothing of another request comes in between.
    const outcomes = Promise.all(group.appends.map((entries) => this.#append(group, entries)))
    this.#relays.delete(group.relay)
    this.#relays.set(group.relay, { seq: group.seq, outcomes })
    this.#forget()
    return outcomes
  }

  async #append(group: AppendGroup, entries: readonly NewEntry[]): Promise<AppendOutcome> {
    try {
      if (this.#mayRepeatUnseen(group, entries)) {
        const reason = 'the upstream was restarted before it answered'
        throw new HeartlineError(brokerErrors.ambiguous, { reason })
      }
      return { results: await this.#broker.append(entries) }
    } catch (error) {
      return { problem: toProblem(error) }
    }
  }

  /** The first attempt went to another process: only publish ids tell what that one stored. */
  #mayRepeatUnseen(group: AppendGroup, entries: readonly NewEntry[]): boolean {
    if (group.instance === undefined || group.instance === this.#instance) return false
    return entries.some(({ publishId }) => publishId === undefined)
  }

  #forget(): void {
    if (this.#relays.size <= MAX_RELAYS) return
    const [oldest] = this.#relays.keys()
    if (oldest !== undefined) this.#relays.delete(oldest)
  }
}
