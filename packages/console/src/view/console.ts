import type { HubApi } from '../hub/hub-api.ts'
import { Ledger, storedAt } from '../stream/ledger.ts'
import { RateMeter } from '../stream/rate-meter.ts'
import type { ControlEvent, ReceivedEvent, StreamObserver, StreamState } from '../stream/state.ts'
import { Stream, type StreamRequest } from '../stream/stream.ts'
import { find } from './dom.ts'
import { EventList } from './event-list.ts'
import { Journal } from './journal.ts'
import { PublishForm } from './publish-form.ts'
import { SessionTable } from './session-table.ts'
import { Sparkline } from './sparkline.ts'
import { StatusBar } from './status-bar.ts'
import { Tiles } from './tiles.ts'
import { TopicNames } from './topic-names.ts'
import { TopicTable } from './topic-table.ts'

const TICK_MS = 500
const POLL_MS = 2_000

/** The page: one stream, its books, and the panels that show them. */
export class Console implements StreamObserver {
  readonly #api: HubApi
  readonly #list = new EventList()
  readonly #ledger = new Ledger()
  readonly #meter = new RateMeter(Date.now())
  readonly #journal = new Journal()
  readonly #tiles = new Tiles()
  readonly #sparkline = new Sparkline()
  readonly #sessions = new SessionTable()
  readonly #status = new StatusBar(() => this.#stream?.hurry())
  readonly #topics = new TopicTable((topic) => this.#pick(topic))
  readonly #names: TopicNames
  readonly #form = find('#read', HTMLFormElement)
  readonly #selector = find('#selector', HTMLInputElement)
  readonly #since = find('#since', HTMLSelectElement)
  readonly #token = find('#token', HTMLInputElement)
  readonly #pause = find('#pause', HTMLButtonElement)
  #stream: Stream | undefined
  #state: StreamState['name'] = 'connecting'
  #wasLive = false
  #delayMs: number | undefined
  /** The first cursor of the stream. */
  #start: string | undefined

  constructor(api: HubApi) {
    this.#api = api
    this.#names = new TopicNames(api, this.#list)
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#open()
    })
    this.#since.addEventListener('change', () => this.#open())
    this.#pause.addEventListener('click', () => this.#togglePause())
    find('#clear', HTMLButtonElement).addEventListener('click', () => this.#list.clear())
  }

  start(): void {
    new PublishForm(this.#api)
    this.#open()
    setInterval(() => this.#tick(), TICK_MS)
    setInterval(() => void this.#poll(), POLL_MS)
    void this.#poll()
  }

  onState(state: StreamState): void {
    this.#state = state.name
    this.#status.show(state)
    if (state.name === 'live') {
      this.#journal.add('good', this.#wasLive ? 'Live again, from where it was' : 'Live')
      if (this.#wasLive) this.#ledger.reconnect()
      this.#wasLive = true
    } else if (state.name === 'waiting') {
      const seconds = ((state.until - Date.now()) / 1_000).toFixed(1)
      this.#journal.add('warning', `Cut: ${state.reason}. Next attempt in ${seconds} s`)
    } else if (state.name === 'refused') {
      const { title, detail, code } = state.problem
      this.#journal.add('bad', `Refused: ${detail || title} ${code}`)
    }
  }

  onEvent(event: ReceivedEvent): void {
    if (!this.#ledger.event(event)) return
    this.#meter.add(event.receivedAt)
    const at = storedAt(event.cursor)
    if (at !== undefined) this.#delayMs = event.receivedAt - at
    this.#list.add(event)
  }

  onControl({ name, data, cursor }: ControlEvent): void {
    if (name === 'cursor' && this.#start === undefined) {
      this.#start = cursor
      this.#names.startOver(this.#selectorText(), cursor)
    } else if (name === 'gap') {
      this.#ledger.gap(cursor)
      const { from, to, reason } = data
      this.#journal.add('bad', `Gap (${String(reason)}) from ${String(from)} to ${String(to)}`)
    } else if (name === 'drain') {
      this.#journal.add('warning', 'The hub is leaving in good order')
    } else if (name === 'expired') {
      this.#journal.add('bad', 'The token expired: enter a new one')
    }
  }

  onHeartbeat(): void {
    this.#ledger.heartbeat()
    this.#status.beat()
  }

  #open(): void {
    this.#stream?.stop()
    this.#api.setToken(this.#token.value)
    const since: StreamRequest['since'] = this.#since.value === 'earliest' ? 'earliest' : 'latest'
    const selector = this.#selectorText()
    this.#ledger.startOver()
    this.#list.clear()
    this.#start = undefined
    this.#wasLive = false
    this.#journal.add('note', `Reading ${selector}`)
    this.#stream = new Stream(this.#api, { selector, since }, this)
    void this.#poll()
  }

  #selectorText(): string {
    return this.#selector.value.trim() || '**'
  }

  #pick(topic: string): void {
    this.#selector.value = topic
    this.#open()
  }

  #togglePause(): void {
    this.#list.setPaused(!this.#list.isPaused)
    this.#showPause()
  }

  #showPause(): void {
    const { isPaused, waiting } = this.#list
    this.#pause.textContent = isPaused ? `Resume (${waiting} waiting)` : 'Pause'
    this.#pause.setAttribute('aria-pressed', String(isPaused))
  }

  #tick(): void {
    const now = Date.now()
    this.#status.tick(now)
    this.#tiles.show(this.#ledger.counts, this.#meter.rate(now), this.#delayMs)
    this.#sparkline.draw(this.#meter.lastMinute(now))
    this.#showPause()
  }

  async #poll(): Promise<void> {
    if (document.hidden || this.#state === 'waiting') return
    const [topics, sessions] = await Promise.all([this.#api.topics(), this.#api.sessions()])
    this.#topics.show(topics)
    this.#sessions.show(sessions)
  }
}
