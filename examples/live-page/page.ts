import type { ConnectionState, Gap } from '@heartline/client'
import { createSharedClient } from '@heartline/client/tabs'
import { Account } from './account.ts'
import { Minute } from './minute.ts'

/** What the hub's clock publishes: each currency counts for itself. */
interface Tick {
  readonly pair: string
  readonly n: number
  readonly rate: number
  /** Unix milliseconds. */
  readonly at: number
}

const ALL = ['ticker/eur', 'ticker/usd', 'ticker/jpy']
const SHOWN = 100
/** An event that is this old was sent again after an interruption. */
const LATE_MS = 1000

const topics = new URLSearchParams(location.search).get('topics')?.split(',') ?? ALL
const account = new Account()
const minute = new Minute(element('minute') as HTMLCanvasElement)
const client = createSharedClient<{ tick: Tick }>({ url: '/v1/events', topics })

client.onState(showState)
client.on('tick', (tick) => {
  account.add(tick.pair, tick.n)
  minute.add('event')
  const isLate = Date.now() - tick.at > LATE_MS
  const time = new Date(tick.at).toISOString().slice(14, 22)
  list(isLate ? 'late' : '', [time, `${tick.pair} ${tick.n}`, tick.rate.toFixed(4)])
})
client.on('heartline.gap', ({ reason }: Gap) => {
  account.gap()
  minute.add('gap')
  list('gap', [`gap: ${reason}. Events are missing here, and the hub says so.`])
})

element('topics').textContent = topics.join(', ')
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-act]')) {
  button.addEventListener('click', () => {
    void fetch(`/trouble/${button.dataset['act']}`, { method: 'POST' })
  })
}
setInterval(showFigures, 200)
setInterval(() => void showStreams(), 1000)

function showState({ name, attempt, endpoint, lastError }: ConnectionState): void {
  document.body.dataset['state'] = name
  element('state').textContent = name
  element('attempt').textContent = String(attempt)
  element('endpoint').textContent = String(endpoint + 1)
  if (name !== 'open' && lastError !== undefined) {
    element('reason').textContent = `${lastError.code}: ${lastError.message}`
  }
}

function showFigures(): void {
  const { name, nextRetryAt } = client.state
  element('events').textContent = String(account.events)
  element('missing').textContent = String(account.missing)
  element('gaps').textContent = String(account.gaps)
  const waitMs = (nextRetryAt ?? 0) - Date.now()
  element('next').textContent = waitMs > 0 ? `${(waitMs / 1000).toFixed(1)} s` : '–'
  element('trip').textContent = client.rttMs === undefined ? '–' : `${Math.round(client.rttMs)} ms`
  minute.draw(name === 'open')
}

async function showStreams(): Promise<void> {
  const answer = await fetch('/streams').catch(() => undefined)
  element('streams').textContent = (await answer?.text()) ?? '–'
}

function list(kind: string, cells: readonly string[]): void {
  const row = document.createElement('li')
  row.className = kind
  for (const cell of cells)
    row.append(Object.assign(document.createElement('span'), { textContent: cell }))
  const rows = element('list')
  rows.prepend(row)
  while (rows.childElementCount > SHOWN) rows.lastElementChild?.remove()
}

function element(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement
}
