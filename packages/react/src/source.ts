import type { Client, ClientOptions, EventMap, StreamEvent } from '@heartline/client'
import { createContext, useContext, useMemo } from 'react'
import { toError } from './errors.ts'
import { poolOfClient, poolOfOptions, type StreamPool } from './stream-pool.ts'
import { keyOfTopics, type Topics } from './topic-options.ts'
import { useCurrent } from './use-current.ts'

/** What tells which topics an event is of. */
export type TopicOf = (event: StreamEvent) => string | readonly string[] | undefined

/** What a provider gives to the hooks below it. */
export interface Provided {
  readonly pool: StreamPool
  readonly topicOf: TopicOf | undefined
}

/** Which stream a hook reads, and which of its events. */
export interface Source {
  readonly pool: StreamPool
  readonly key: string
  /** Undefined: all of its events. */
  readonly isOfTopic: ((event: StreamEvent) => boolean) | undefined
  /** Names what `isOfTopic` lets through. */
  readonly topicKey: string
}

/** What a hook may be given in place of the stream of the provider. */
export interface SourceOptions {
  /** A client of yours, which you close. */
  readonly client?: Client | undefined
  /** For a stream of this component alone: its options. It is closed with the component. */
  readonly options?: ClientOptions | undefined
}

/** How long a connection outlives the last component that used it, unless said otherwise. */
export const CLOSE_DELAY_MS = 1000

export const ProvidedContext: React.Context<Provided | undefined> = createContext<
  Provided | undefined
>(undefined)

const clientPools = new WeakMap<Client, StreamPool>()

/** Finds the stream. @throws HeartlineError `HL_REACT_NO_SOURCE`, `HL_REACT_TOPIC_UNTOLD` */
export function useSource(hook: string, options: SourceOptions, topics: Topics = []): Source {
  const provided = useContext(ProvidedContext)
  const own = useOwnPool(options)
  const pool = own ?? provided?.pool
  const topicOf = own === undefined ? provided?.topicOf : undefined
  if (pool === undefined) throw toError('noSource', { hook })
  const topicKey = keyOfTopics(topics)
  const isTold = topicOf !== undefined
  if (topicKey !== '' && pool.isSingle && !isTold) {
    throw toError('topicUntold', { topics: topics.join(', ') })
  }
  const currentTopicOf = useCurrent(topicOf)
  return useMemo(() => {
    if (topicKey === '' || !isTold)
      return { pool, key: topicKey, isOfTopic: undefined, topicKey: '' }
    const wanted = new Set(JSON.parse(topicKey) as string[])
    const isOfTopic = (event: StreamEvent): boolean =>
      toList(currentTopicOf.current?.(event)).some((topic) => wanted.has(topic))
    return { pool, key: '', isOfTopic, topicKey }
  }, [pool, topicKey, isTold, currentTopicOf])
}

function useOwnPool({ client, options }: SourceOptions): StreamPool | undefined {
  const current = useCurrent(options)
  const url = options === undefined ? undefined : nameOfUrl(options.url)
  return useMemo(() => {
    if (client !== undefined) return poolFor(client)
    if (url === undefined) return undefined
    const latest = (): ClientOptions => current.current as ClientOptions
    return poolOfOptions(latest, () => undefined, { closeDelayMs: CLOSE_DELAY_MS })
  }, [client, url, current])
}

/** The same for everyone who gives the same client. */
function poolFor(client: Client): StreamPool {
  const pool =
    clientPools.get(client) ?? poolOfClient(client, undefined, { closeDelayMs: CLOSE_DELAY_MS })
  clientPools.set(client, pool)
  return pool
}

/** Tells one URL from another. Functions are asked for each request: they are all the same. */
export function nameOfUrl(url: ClientOptions<EventMap>['url']): string {
  const list: readonly unknown[] = Array.isArray(url) ? url : [url]
  return list.map((one) => (typeof one === 'function' ? 'function' : String(one))).join('\n')
}

function toList(topics: string | readonly string[] | undefined): readonly string[] {
  if (topics === undefined) return []
  return typeof topics === 'string' ? [topics] : topics
}
