import type { Answer, SessionRow } from '../hub/hub-api.ts'
import { find, make } from './dom.ts'
import { formatAge, formatBytes } from './format.ts'

const MAX_ROWS = 50

/** Who reads now, and how they are. */
export class SessionTable {
  readonly #body = find('#sessions', HTMLTableSectionElement)
  readonly #note = find('#sessions-note', HTMLElement)

  show(answer: Answer<readonly SessionRow[]>): void {
    if (!answer.ok) {
      this.#note.textContent = answer.problem.detail || answer.problem.title
      this.#body.replaceChildren()
      return
    }
    const now = Date.now()
    const rows = answer.value.slice(0, MAX_ROWS)
    this.#body.replaceChildren(...rows.map((row) => toRow(row, now)))
    const rest = answer.value.length - rows.length
    this.#note.textContent = rest > 0 ? `and ${rest} more` : ''
  }
}

function toRow(row: SessionRow, now: number): HTMLTableRowElement {
  const selectors = row.selectors.join(' ')
  const reading = make('td', 'grow mono', selectors)
  reading.title = `${row.subscriber}\n${row.id}\n${row.remoteAddress ?? ''}`
  const state = make('span', `state ${row.state}`, row.state)
  return make(
    'tr',
    '',
    reading,
    make('td', '', state),
    make('td', 'dim', row.protocol),
    make('td', 'number', row.lagBytes > 0 ? formatBytes(row.lagBytes) : '–'),
    make('td', 'number', formatAge(now - row.openedAt)),
  )
}
