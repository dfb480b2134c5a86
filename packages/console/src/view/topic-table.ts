import type { Answer, TopicRow } from '../hub/hub-api.ts'
import { find, make } from './dom.ts'
import { formatCount, formatRate } from './format.ts'

const MAX_ROWS = 50

/** Topics with their rates. A click reads that topic alone. */
export class TopicTable {
  readonly #body = find('#topics', HTMLTableSectionElement)
  readonly #note = find('#topics-note', HTMLElement)

  constructor(onPick: (topic: string) => void) {
    this.#body.addEventListener('click', ({ target }) => {
      const button = target instanceof Element ? target.closest('button') : null
      if (button !== null) onPick(button.textContent ?? '')
    })
  }

  show(answer: Answer<readonly TopicRow[]>): void {
    if (!answer.ok) {
      this.#note.textContent = answer.problem.detail || answer.problem.title
      this.#body.replaceChildren()
      return
    }
    const rows = answer.value.slice(0, MAX_ROWS).toSorted((a, b) => compare(a.topic, b.topic))
    const top = Math.max(...rows.map(({ rate }) => rate), 0.001)
    this.#body.replaceChildren(...rows.map((row) => toRow(row, top)))
    this.#note.textContent = rows.length === 0 ? 'Nothing was published yet.' : ''
  }
}

function toRow(row: TopicRow, top: number): HTMLTableRowElement {
  const name = make('button', 'link', row.topic)
  name.type = 'button'
  name.title = `Read ${row.topic} alone`
  const bar = make('span', 'fill')
  bar.style.width = `${Math.round((row.rate / top) * 100)}%`
  return make(
    'tr',
    '',
    make('td', 'grow', name),
    make('td', '', make('span', 'bar', bar)),
    make('td', 'number', `${formatRate(row.rate)}/s`),
    make('td', 'number', formatCount(row.total)),
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
