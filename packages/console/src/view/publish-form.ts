import type { HubApi, NewEvent } from '../hub/hub-api.ts'
import type { Problem } from '../hub/problem.ts'
import { find } from './dom.ts'

/** Publishes one event and shows the cursor it was given, or the problem. */
export class PublishForm {
  readonly #api: HubApi
  readonly #form = find('#publish', HTMLFormElement)
  readonly #result = find('#publish-result', HTMLElement)
  readonly #button = find('#publish button[type=submit]', HTMLButtonElement)

  constructor(api: HubApi) {
    this.#api = api
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#publish()
    })
  }

  async #publish(): Promise<void> {
    this.#button.disabled = true
    const answer = await this.#api.publish(this.#read())
    this.#button.disabled = false
    this.#result.className = answer.ok ? 'result good' : 'result bad'
    this.#result.textContent = answer.ok ? `Stored as ${answer.value.id}` : say(answer.problem)
  }

  #read(): NewEvent {
    const fields = new FormData(this.#form)
    const text = (name: string): string => {
      const value = fields.get(name)
      return typeof value === 'string' ? value : ''
    }
    const type = text('type')
    const key = text('key')
    return {
      topic: text('topic'),
      data: toData(text('data')),
      ...(type !== '' && { type }),
      ...(key !== '' && { key }),
    }
  }
}

/** What is JSON is published as JSON, anything else as text. */
function toData(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function say({ status, title, detail, code }: Problem): string {
  const origin = [status || '', code].filter(Boolean).join(' ')
  return `${title}${detail === '' ? '' : `: ${detail}`}${origin === '' ? '' : ` (${origin})`}`
}
