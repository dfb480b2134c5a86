import { createClient, EventSource } from '@heartline/client'
import { EventSource as NpmEventSource } from 'eventsource'
import { createEventSource } from 'eventsource-client'
import type { InteropClient, InteropReader, StreamTarget } from './client.ts'

const inNode = { isInBrowser: false, isOurs: false, canPost: false }

export const ourClient: InteropClient = {
  ...inNode,
  name: 'createClient',
  isOurs: true,
  canPost: true,
  open: (target) => Promise.resolve(readWithClient(target)),
}

function readWithClient({ url, method, body, headers, onEvent }: StreamTarget): InteropReader {
  const client = createClient({ url, method, body, headers, decode: 'text', repeat: true })
  const waits: number[] = []
  let opens = 0
  client.onState(({ name, since, nextRetryAt }) => {
    if (name === 'open') opens++
    if (nextRetryAt !== undefined) waits.push(nextRetryAt - since)
  })
  client.on('*', (data, { type, id }) => {
    // A gap is the one event that is not text.
    onEvent({ type, data: typeof data === 'string' ? data : JSON.stringify(data), id })
  })
  return {
    get opens() {
      return opens
    },
    waits,
    close: () => Promise.resolve(client.close()),
  }
}

export const ourEventSource: InteropClient = {
  ...inNode,
  name: 'EventSource of @heartline/client',
  isOurs: true,
  open: (target) => Promise.resolve(readWithEventSource(EventSource, target)),
}

export const npmEventSource: InteropClient = {
  ...inNode,
  name: 'npm eventsource',
  open: (target) => Promise.resolve(readWithEventSource(NpmEventSource, target)),
}

function readWithEventSource(
  Kind: typeof EventSource | typeof NpmEventSource,
  { url, types, onEvent }: StreamTarget,
): InteropReader {
  const source = new Kind(url) as EventSource
  const waits: number[] = []
  let opens = 0
  let lostAt: number | undefined
  source.onopen = () => {
    opens++
    if (lostAt !== undefined) waits.push(performance.now() - lostAt)
  }
  source.onerror = () => (lostAt = performance.now())
  for (const type of ['message', ...types]) {
    source.addEventListener(type, (event) => {
      const { data, lastEventId: id } = event as MessageEvent<string>
      onEvent({ type, data, id })
    })
  }
  return {
    get opens() {
      return opens
    },
    waits,
    close: () => Promise.resolve(source.close()),
  }
}

export const npmEventSourceClient: InteropClient = {
  ...inNode,
  name: 'npm eventsource-client',
  canPost: true,
  open: (target) => Promise.resolve(readWithEventSourceClient(target)),
}

function readWithEventSourceClient({ url, onEvent }: StreamTarget): InteropReader {
  let opens = 0
  let lastId = ''
  const source = createEventSource({
    url,
    onConnect: () => opens++,
    onMessage: ({ event = 'message', data, id }) => {
      lastId = id ?? lastId
      onEvent({ type: event, data, id: lastId })
    },
  })
  return {
    get opens() {
      return opens
    },
    close: () => Promise.resolve(source.close()),
  }
}
