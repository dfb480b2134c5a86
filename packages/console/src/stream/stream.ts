import { createClient, type Client, type ConnectionState, type Problem } from '@heartline/client'
import type { HubApi } from '../hub/hub-api.ts'
import type { StreamObserver, StreamState } from './state.ts'

/** What to read. */
export interface StreamRequest {
  readonly selector: string
  readonly since: 'latest' | 'earliest'
}

const CONTROLS = ['cursor', 'gap', 'drain', 'expired'] as const

/** One stream that comes back by itself with its cursor, as the page wants to be told about it. */
export class Stream {
  readonly #client: Client
  readonly #observer: StreamObserver
  #isStopped = false

  constructor(api: HubApi, { selector, since }: StreamRequest, observer: StreamObserver) {
    const query = new URLSearchParams({ topic: selector })
    if (since === 'earliest') query.set('since', since)
    this.#observer = observer
    this.#client = createClient({
      url: `v1/events?${query}`,
      headers: () => api.streamHeaders(),
      decode: 'text',
      // The page counts what comes twice.
      delivery: 'at-least-once',
    })
    this.#listen(this.#client)
  }

  /** Tries again now instead of when the wait is over. */
  hurry(): void {
    this.#client.wake()
  }

  /** Nothing is observed after this. */
  stop(): void {
    this.#isStopped = true
    this.#client.close()
  }

  #listen(client: Client): void {
    client.onState((state) => {
      if (!this.#isStopped) this.#observer.onState(toStreamState(state))
    })
    client.onHeartbeat(() => this.#observer.onHeartbeat())
    for (const name of CONTROLS) {
      client.on(`heartline.${name}`, (data, { id: cursor }) =>
        this.#observer.onControl({ name, data: data as Readonly<Record<string, unknown>>, cursor }),
      )
    }
    client.on('*', (data, { type, id: cursor }) => {
      if (type === 'heartline.gap') return
      this.#observer.onEvent({ type, data: String(data), cursor, receivedAt: Date.now() })
    })
  }
}

function toStreamState(state: ConnectionState): StreamState {
  const { name, since, nextRetryAt = since, lastError } = state
  if (name === 'open') return { name: 'live', since }
  if (name === 'closed') return { name: 'refused', problem: toProblem(state) }
  if (name !== 'waiting' && name !== 'offline') return { name: 'connecting' }
  return { name: 'waiting', until: nextRetryAt, reason: lastError?.message ?? '' }
}

function toProblem({ lastError }: ConnectionState): Problem {
  if (lastError?.code === 'HL_CLIENT_REFUSED') return lastError.cause as Problem
  const { message: detail = '', code = '' } = lastError ?? {}
  return { status: 0, title: 'Closed', detail, code, document: {} }
}
