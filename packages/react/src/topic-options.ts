import type { ClientOptions, PerRequest, RequestContext } from '@heartline/client'

/** Names of topics, or patterns, in no order. */
export type Topics = readonly string[]

type Url = PerRequest<string | URL>

/** What a component may give anew with each rendering, and what is then asked for anew. */
const PER_REQUEST = ['token', 'headers', 'body', 'url'] as const

/** The key of a set of topics: the same one for any order. */
export function keyOfTopics(topics: Topics): string {
  return topics.length === 0 ? '' : JSON.stringify([...new Set(topics)].sort())
}

export function topicsOfKey(key: string): Topics {
  return key === '' ? [] : (JSON.parse(key) as Topics)
}

/**
 * The options for other topics. What belongs to the stream of the provider itself is left out.
 *
 * @param inUrl Puts the topics in the URL, as a hub reads them.
 */
export function withTopics(options: ClientOptions, topics: Topics, inUrl: boolean): ClientOptions {
  if (topics.length === 0) return options
  const { url, store: _s, cache: _c, outbox: _o, lastEventId: _l, ...rest } = options
  const add = (one: Url): Url => addTopics(one, topics)
  if (!inUrl) return { ...rest, url }
  return { ...rest, url: isList(url) ? url.map(add) : add(url) }
}

/**
 * The same options, but token, headers, body and a function for the URL are asked for when a request is made: those of the
 * rendering then, not of the one that opened the stream.
 */
export function asOfNow(options: ClientOptions, now: () => ClientOptions): ClientOptions {
  const fresh: Partial<Record<(typeof PER_REQUEST)[number], unknown>> = {}
  for (const name of PER_REQUEST) {
    if (options[name] === undefined) continue
    // Another URL is another stream, unless it is asked for each time.
    if (name === 'url' && typeof options.url !== 'function') continue
    fresh[name] = (context: RequestContext): unknown => {
      const value: unknown = now()[name]
      return typeof value === 'function'
        ? (value as (c: RequestContext) => unknown)(context)
        : value
    }
  }
  return { ...options, ...(fresh as Partial<ClientOptions>) }
}

function addTopics(url: Url, topics: Topics): Url {
  if (typeof url !== 'function') return append(String(url), topics)
  return async (context) => append(String(await url(context)), topics)
}

/** By hand: a relative URL is none that could be parsed here. */
function append(url: string, topics: Topics): string {
  const [address = ''] = url.split('#')
  const query = topics.map((topic) => `topic=${encodeURIComponent(topic)}`).join('&')
  return `${address}${address.includes('?') ? '&' : '?'}${query}`
}

function isList(url: ClientOptions['url']): url is readonly Url[] {
  return Array.isArray(url)
}
