import { parseUpstreamUrl } from '@heartline/broker-relay'

/** Where the log is kept. */
export type StoreSetting =
  | { readonly kind: 'memory' }
  | { readonly kind: 'disk'; readonly directory: string }
  /** At another hub: `http://HOST:PORT`, `https://HOST:PORT` or `unix:/PATH`. */
  | { readonly kind: 'relay'; readonly url: string }

/** Reads `memory`, `disk:DIRECTORY` or `relay:URL`. Undefined when it is none. */
export function parseStore(text: string): StoreSetting | undefined {
  if (text === 'memory') return { kind: 'memory' }
  if (text.startsWith('relay:')) return toRelay(text.slice('relay:'.length))
  const directory = text.startsWith('disk:') ? text.slice('disk:'.length) : ''
  return directory === '' ? undefined : { kind: 'disk', directory }
}

/** As it stands in the line that says where the hub listens. */
export function describeStore(store: StoreSetting): string {
  if (store.kind === 'disk') return `disk store ${store.directory}`
  return store.kind === 'relay' ? `relay of ${store.url}` : 'memory store'
}

function toRelay(url: string): StoreSetting | undefined {
  return parseUpstreamUrl(url) === undefined ? undefined : { kind: 'relay', url }
}
