import { createClient, type Client, type ClientOptions, type StreamEvent } from '@heartline/client'
import type { ExecutionResult } from 'graphql'
import { completing } from './completing-fetch.ts'

/** What to ask for, and how. Everything about coming back is as for `createClient`. */
export interface SubscribeOptions extends Omit<
  ClientOptions,
  'method' | 'body' | 'schemas' | 'decode' | 'delivery' | 'acknowledge' | 'outbox' | 'maxWaiting'
> {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>> | undefined
  readonly operationName?: string | undefined
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
  /**
   * The operation is sent again after a stream that broke, with the place of the last result. Default
   * true, but false for a document with a mutation, which would be executed twice.
   */
  readonly repeat?: boolean | undefined
}

/**
 * The results of one operation, over a stream of its own that survives every network. Where the
 * server puts ids on its results, it goes on behind the last one. Leaving the loop ends it.
 *
 * The loop throws what ended the stream for good: `HL_CLIENT_REFUSED`, `HL_CLIENT_CONTENT_TYPE` …
 */
export function subscribe<Data = unknown>(
  options: SubscribeOptions,
): AsyncIterableIterator<ExecutionResult<Data>> {
  return new Results<Data>(options)
}

class Results<Data> implements AsyncIterableIterator<ExecutionResult<Data>> {
  readonly #client: Client
  readonly #events: AsyncIterator<StreamEvent, undefined>
  #isOver = false

  constructor(options: SubscribeOptions) {
    const { query, variables, operationName, extensions, ...rest } = options
    const headers: ClientOptions['headers'] = async (context) => {
      const given = typeof rest.headers === 'function' ? await rest.headers(context) : rest.headers
      const all = new Headers(given)
      all.set('Content-Type', 'application/json')
      return all
    }
    this.#client = createClient({
      ...rest,
      headers,
      method: 'POST',
      body: JSON.stringify({ query, variables, operationName, extensions }),
      repeat: rest.repeat ?? !/\bmutation\b/.test(query),
      fetch: completing(rest.fetch),
      acknowledge: false,
    })
    this.#events = this.#client[Symbol.asyncIterator]()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<ExecutionResult<Data>, undefined>> {
    while (!this.#isOver) {
      const { value, done } = await this.#events.next()
      if (done === true) {
        this.#checkEnd()
        break
      }
      if (value.type === 'complete') break
      if (value.type === 'next') return { value: value.data as ExecutionResult<Data>, done: false }
    }
    return this.return()
  }

  /** The stream ended without `complete`, and is not asked for again: results may be missing. */
  #checkEnd(): void {
    const { lastError } = this.#client.state
    if (!this.#isOver && lastError !== undefined) throw lastError
  }

  /** Ends the stream at once, also while a result is waited for. */
  return(): Promise<IteratorResult<ExecutionResult<Data>, undefined>> {
    this.#isOver = true
    this.#client.close()
    return Promise.resolve({ value: undefined, done: true })
  }
}
