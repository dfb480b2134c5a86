import type { StreamState } from '../stream/state.ts'
import { find } from './dom.ts'
import { formatAge } from './format.ts'

/** Says where the stream is, in words and colour, with the seconds to the next attempt. */
export class StatusBar {
  readonly #root = find('#status', HTMLElement)
  readonly #text = find('#status-text', HTMLElement)
  readonly #pulse = find('#pulse', SVGElement)
  readonly #hurry = find('#hurry', HTMLButtonElement)
  #state: StreamState = { name: 'connecting' }

  constructor(onHurry: () => void) {
    this.#hurry.addEventListener('click', onHurry)
  }

  show(state: StreamState): void {
    this.#state = state
    this.#root.dataset['state'] = state.name
    this.#hurry.hidden = state.name !== 'waiting'
    this.tick(Date.now())
  }

  /** Brings times up to date. */
  tick(now: number): void {
    this.#text.textContent = describe(this.#state, now)
  }

  /** One beat of the line in the corner: something came in. */
  beat(): void {
    this.#pulse.classList.remove('beat')
    // Asking for the size makes the browser see the change, so that the animation starts again.
    this.#pulse.getBoundingClientRect()
    this.#pulse.classList.add('beat')
  }
}

function describe(state: StreamState, now: number): string {
  switch (state.name) {
    case 'connecting':
      return 'Connecting'
    case 'live':
      return `Live for ${formatAge(now - state.since)}`
    case 'waiting': {
      const seconds = Math.max(0, Math.ceil((state.until - now) / 1_000))
      return `Reconnecting in ${seconds} s: ${state.reason}`
    }
    case 'refused': {
      const { title, detail, code } = state.problem
      return `Refused: ${detail || title}${code === '' ? '' : ` (${code})`}`
    }
  }
}
