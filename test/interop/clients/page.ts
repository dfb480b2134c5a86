// Runs inside a page, as one script: everything that reads there, behind one function.
import { fetchEventSource } from '@microsoft/fetch-event-source'
import { createClient, EventSource as OurEventSource } from '@heartline/client'

/** What the page is told, and what it tells. */
export interface PageRequest {
  readonly kind: 'native' | 'EventSource' | 'createClient' | 'fetch-event-source'
  readonly url: string
  readonly method: string | undefined
  readonly body: string | undefined
  readonly headers: Record<string, string> | undefined
  readonly types: readonly string[]
}

export type PageReport =
  | { readonly open: true }
  | { readonly waitMs: number }
  | { readonly type: string; readonly data: string; readonly id: string }

declare global {
  interface Window {
    report(report: PageReport): void
    read(request: PageRequest): void
  }
}

window.read = (request) => {
  const { kind } = request
  if (kind === 'createClient') readWithClient(request)
  else if (kind === 'fetch-event-source') readWithFetch(request)
  else readWithEventSource(kind === 'native' ? EventSource : OurEventSource, request)
}

function readWithClient({ url, method, body, headers }: PageRequest): void {
  const client = createClient({ url, method, body, headers, decode: 'text', repeat: true })
  client.onState(({ name, since, nextRetryAt }) => {
    if (name === 'open') window.report({ open: true })
    if (nextRetryAt !== undefined) window.report({ waitMs: nextRetryAt - since })
  })
  client.on('*', (data, { type, id }) => {
    window.report({ type, data: typeof data === 'string' ? data : JSON.stringify(data), id })
    // Nothing comes any more: else it would ask again.
    if (type === 'complete') client.close()
  })
}

function readWithEventSource(
  Kind: typeof EventSource | typeof OurEventSource,
  { url, types }: PageRequest,
): void {
  const source = new Kind(url) as EventSource
  let lostAt: number | undefined
  source.addEventListener('open', () => {
    window.report({ open: true })
    if (lostAt !== undefined) window.report({ waitMs: performance.now() - lostAt })
  })
  source.addEventListener('error', () => (lostAt = performance.now()))
  for (const type of ['message', ...types]) {
    source.addEventListener(type, (event) => {
      const { data, lastEventId: id } = event as MessageEvent<string>
      window.report({ type, data, id })
      if (type === 'complete') source.close()
    })
  }
}

function readWithFetch({ url }: PageRequest): void {
  let lastId = ''
  void fetchEventSource(url, {
    openWhenHidden: true,
    onopen: () => Promise.resolve(window.report({ open: true })),
    onmessage({ event, data, id }) {
      if (id !== '') lastId = id
      // It hands over what only has an id, too.
      if (event !== '' || data !== '') window.report({ type: event || 'message', data, id: lastId })
    },
    // It takes the end of a stream for the end of all, unless this throws.
    onclose() {
      throw new Error('again')
    },
  })
}
