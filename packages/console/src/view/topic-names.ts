import type { HubApi } from '../hub/hub-api.ts'
import type { EventList } from './event-list.ts'

const PERIOD_MS = 1_000
/** Rows asked for at once: the newest ones. */
const MAX_ROWS = 100

/**
 * Fills in the topics of the listed events. The stream does not carry them, so they are read from
 * the history, at most once a second and for the newest hundred rows: on a busy stream the others
 * have left the page before anybody could read them.
 */
export class TopicNames {
  readonly #api: HubApi
  readonly #list: EventList
  #selector = '**'
  /** Where the stream began: nothing listed is older. */
  #start = 'earliest'
  #isAsking = false

  constructor(api: HubApi, list: EventList) {
    this.#api = api
    this.#list = list
    setInterval(() => void this.#fill(), PERIOD_MS)
  }

  /** Another stream began at this cursor, or at `earliest`. */
  startOver(selector: string, start: string): void {
    this.#selector = selector
    this.#start = start
  }

  async #fill(): Promise<void> {
    if (this.#isAsking || document.hidden) return
    const { rows, before = this.#start } = this.#list.withoutTopic(MAX_ROWS)
    if (rows.length === 0) return
    this.#isAsking = true
    const answer = await this.#api.history(this.#selector, before)
    this.#isAsking = false
    if (!answer.ok) return
    const topicsOf = new Map(answer.value.map(({ id, topics }) => [id, topics.join(', ')]))
    for (const row of rows) {
      const topics = topicsOf.get(row.event.cursor)
      if (topics !== undefined) row.setTopic(topics)
    }
  }
}
