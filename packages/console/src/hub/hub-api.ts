import { readProblem, unreachable, type Problem } from './problem.ts'

/** An answer, or why there is none. */
export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: Problem }

/** One row of `GET /v1/topics`. */
export interface TopicRow {
  readonly topic: string
  /** Events in a second. */
  readonly rate: number
  readonly total: number
}

/** One row of `GET /v1/sessions`, as far as the console shows it. */
export interface SessionRow {
  readonly id: string
  readonly subscriber: string
  readonly selectors: readonly string[]
  readonly protocol: string
  readonly remoteAddress?: string
  readonly openedAt: number
  readonly state: 'replaying' | 'live' | 'blocked'
  readonly lagBytes: number
}

/** One event of `GET /v1/history`, as far as the console uses it. */
export interface HistoryRow {
  readonly id: string
  readonly topics: readonly string[]
}

/** What the form publishes. */
export interface NewEvent {
  readonly topic: string
  readonly data: unknown
  readonly type?: string
  readonly key?: string
}

/** The hub's HTTP interface. The token lives here and nowhere else: not in storage, not in a URL. */
export class HubApi {
  #token = ''

  /** Used by every request from now on. Empty = none. */
  setToken(token: string): void {
    this.#token = token.trim()
  }

  /** What a request for the stream carries. */
  streamHeaders(): Headers {
    return this.#headers({ 'Heartline-Client': 'console' })
  }

  async topics(): Promise<Answer<readonly TopicRow[]>> {
    const answer = await this.#ask<{ readonly topics: readonly TopicRow[] }>('v1/topics')
    return answer.ok ? { ok: true, value: answer.value.topics } : answer
  }

  async sessions(): Promise<Answer<readonly SessionRow[]>> {
    const answer = await this.#ask<{ readonly sessions: readonly SessionRow[] }>('v1/sessions')
    return answer.ok ? { ok: true, value: answer.value.sessions } : answer
  }

  async history(selector: string, after: string): Promise<Answer<readonly HistoryRow[]>> {
    const query = new URLSearchParams({ topic: selector, after, limit: '1000' })
    const path = `v1/history?${query}`
    const answer = await this.#ask<{ readonly events: readonly HistoryRow[] }>(path)
    return answer.ok ? { ok: true, value: answer.value.events } : answer
  }

  publish(event: NewEvent): Promise<Answer<{ readonly id: string }>> {
    const headers = this.#headers({ 'Content-Type': 'application/json' })
    return this.#ask('v1/events', { method: 'POST', headers, body: JSON.stringify(event) })
  }

  async #ask<Value>(path: string, init: RequestInit = {}): Promise<Answer<Value>> {
    try {
      const response = await fetch(path, { headers: this.#headers({}), cache: 'no-store', ...init })
      if (!response.ok) return { ok: false, problem: await readProblem(response) }
      return { ok: true, value: (await response.json()) as Value }
    } catch (error) {
      return { ok: false, problem: unreachable(error) }
    }
  }

  #headers(fields: Record<string, string>): Headers {
    const headers = new Headers(fields)
    if (this.#token !== '') headers.set('Authorization', `Bearer ${this.#token}`)
    return headers
  }
}
