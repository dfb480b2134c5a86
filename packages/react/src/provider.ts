import type { Client, ClientOptions, EventMap, StreamEvent } from '@heartline/client'
import type { EventCache, KeyOf } from '@heartline/client/cache'
import type { HeartlineError } from '@heartline/wire'
import { createElement, useMemo, type ReactElement, type ReactNode } from 'react'
import { toError } from './errors.ts'
import { CLOSE_DELAY_MS, nameOfUrl, ProvidedContext, type TopicOf } from './source.ts'
import {
  poolOfClient,
  poolOfOptions,
  type CreateClient,
  type OptionsFor,
  type StreamPool,
} from './stream-pool.ts'
import type { Topics } from './topic-options.ts'
import { useCurrent } from './use-current.ts'

/** What a `HeartlineProvider` is given: either `options` or `client`. */
export interface HeartlineProviderProps<Events extends EventMap = EventMap> {
  readonly children?: ReactNode
  /**
   * Options of the client, which is made for the first component that reads and closed after the
   * last. For `useTopic`, `?topic=` is added to the URL, and `store`, `cache`, `outbox` and
   * `lastEventId` are left out: they belong to one stream. A function is asked for each set of topics
   * (`[]`: none) and gives everything. An inline object is fine: another URL makes another stream;
   * token, headers and body are read for each request; the rest when a stream is opened.
   */
  readonly options?: ClientOptions<Events> | ((topics: Topics) => ClientOptions<Events>) | undefined
  /** A client of yours, which you close. */
  readonly client?: Client<Events> | undefined
  /** The cache that `client` was made with. */
  readonly cache?: EventCache<Events> | undefined
  /** With `options`: makes the clients, which topics are for. Default: `createClient`. */
  readonly create?: ((options: ClientOptions<Events>, topics: Topics) => Client<Events>) | undefined
  /**
   * Tells which topics an event is of. `useTopic` then reads the one stream of the provider and
   * picks its events. Default: each set of topics has a stream of its own.
   */
  readonly topicOf?:
    | ((event: StreamEvent<Events>) => string | readonly string[] | undefined)
    | undefined
  /** What `useLatest` keeps one value of each of, where no cache was given. Default: the type. */
  readonly keyOf?: KeyOf<Events> | undefined
  /** How long a connection outlives the last component that used it, in milliseconds. Default 1,000. */
  readonly closeDelayMs?: number | undefined
  /** Told what goes wrong beside the connection: handlers, data, stores. Default: the console. */
  readonly onError?: ((error: HeartlineError) => unknown) | undefined
}

/**
 * Gives the hooks below it their stream. It connects nothing itself.
 *
 * @throws HeartlineError `HL_REACT_PROVIDER_OPTIONS`
 */
export function HeartlineProvider<Events extends EventMap = EventMap>(
  props: HeartlineProviderProps<Events>,
): ReactElement {
  const { children, topicOf } = props
  const pool = usePool(props as unknown as HeartlineProviderProps)
  const provided = useMemo(
    () => ({ pool, topicOf: topicOf as TopicOf | undefined }),
    [pool, topicOf],
  )
  return createElement(ProvidedContext.Provider, { value: provided }, children)
}

function usePool(props: HeartlineProviderProps): StreamPool {
  const { client, cache, options, closeDelayMs = CLOSE_DELAY_MS } = props
  if ((client === undefined) === (options === undefined)) {
    throw toError('providerOptions', { given: client === undefined ? 'neither' : 'both' })
  }
  const current = useCurrent(props)
  const hasOnError = props.onError !== undefined
  const url =
    options === undefined || typeof options === 'function' ? undefined : nameOfUrl(options.url)
  return useMemo(() => {
    const setup = {
      closeDelayMs,
      keyOf: (event: StreamEvent) => {
        const { keyOf } = current.current
        return keyOf === undefined ? '' : keyOf(event)
      },
      onError: hasOnError ? (error: HeartlineError) => current.current.onError?.(error) : undefined,
    }
    if (client !== undefined) return poolOfClient(client, cache, setup)
    const latest = (): OptionsFor => current.current.options as OptionsFor
    const create = (): CreateClient | undefined => current.current.create
    return poolOfOptions(latest, create, setup)
    // oxlint-disable-next-line -- `url` is not read: another one makes other streams.
  }, [client, cache, url, closeDelayMs, hasOnError, current])
}
