import type {
  Client,
  ClientOptions,
  ConnectionState,
  EventMap,
  PublishEvent,
  PublishResult,
  StreamEvent,
} from '@heartline/client'
import type { HeartlineError } from '@heartline/wire'
import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react'
import { toError } from './errors.ts'
import { noEvents, type WindowQuery } from './event-window.ts'
import { useSource, type Source } from './source.ts'
import type { Topics } from './topic-options.ts'
import { useCurrent } from './use-current.ts'
import { useStateOf } from './use-connection-state.ts'

/** What a component reads of a stream. */
export interface ReadOptions<Events extends EventMap = EventMap> {
  /** How many of the last events are kept. Default 100. With 0, only the handler gets them. */
  readonly limit?: number | undefined
  /** Only events of these types. Default: all of the application, and `heartline.gap`. */
  readonly types?: readonly ((keyof Events & string) | 'heartline.gap')[] | undefined
  /**
   * Called with each event, once, from when the component is shown. The next one waits for the
   * promise it returns, and so does the place of the stream. What it throws goes to `onError`. An
   * inline function is fine: the one of the last rendering is called.
   */
  readonly onEvent?: ((event: StreamEvent<Events>) => unknown) | undefined
  /** Told what goes wrong beside the connection. Default: the provider's, or the console. */
  readonly onError?: ((error: HeartlineError) => unknown) | undefined
  /** False: does not read. What was read stays. Default true. */
  readonly enabled?: boolean | undefined
}

/** The same, and of which stream. */
export interface UseStreamOptions<Events extends EventMap = EventMap> extends ReadOptions<Events> {
  /** A client of yours, which you close. Default: the stream of the provider. */
  readonly client?: Client<Events> | undefined
  /** The options of a client for this component alone, in place of the provider's. */
  readonly options?: ClientOptions<Events> | undefined
}

/** What a component sees of a stream. */
export interface StreamView<Events extends EventMap = EventMap> {
  readonly state: ConnectionState
  /** The last events, the newest at the end. The array is replaced, never changed. */
  readonly events: readonly StreamEvent<Events>[]
  /** The newest of them. */
  readonly last: StreamEvent<Events> | undefined
  /** Why the last attempt or stream ended; undefined while it is open. */
  readonly lastError: HeartlineError | undefined
  /** Tries at once. Begins anew after the end, unless the client is yours. */
  readonly reconnect: () => void
  /** Resolves when a server stored the events. */
  readonly publish: (
    events: PublishEvent | readonly PublishEvent[],
  ) => Promise<readonly PublishResult[]>
}

const DEFAULT_LIMIT = 100

/**
 * Reads a stream: that of the provider, of a client, or one of its own.
 *
 * @throws HeartlineError `HL_REACT_NO_SOURCE`, `HL_REACT_LIMIT_INVALID`
 */
export function useStream<Events extends EventMap = EventMap>(
  options: UseStreamOptions<Events> = {},
): StreamView<Events> {
  return useView('useStream', options as unknown as UseStreamOptions, []) as StreamView<Events>
}

/** Reads topics of a stream as `useStream` does. */
export function useView(hook: string, options: UseStreamOptions, topics: Topics): StreamView {
  const { client, options: own, limit = DEFAULT_LIMIT, types, enabled = true } = options
  if (!Number.isSafeInteger(limit) || limit < 0) {
    throw toError('limitInvalid', { given: String(limit) })
  }
  const source = useSource(hook, { client, options: own }, topics)
  const query = useQuery(source, limit, types)
  const { pool, key } = source
  const subscribe = useCallback(
    (listener: () => void) =>
      enabled ? pool.get(key).watchEvents(query, listener) : () => undefined,
    [pool, key, query, enabled],
  )
  const events = useSyncExternalStore(
    subscribe,
    () => pool.find(key)?.eventsOf(query.key) ?? noEvents(),
    noEvents,
  )
  useErrors(source, options)
  useHandler(source, query, options)
  const state = useStateOf(source)
  const actions = useMemo(
    () => ({
      reconnect: (): void => pool.find(key)?.reconnect(),
      publish: (given: PublishEvent | readonly PublishEvent[]) => pool.get(key).publish(given),
    }),
    [pool, key],
  )
  return { state, events, last: events.at(-1), lastError: state.lastError, ...actions }
}

function useQuery(
  { isOfTopic, topicKey }: Source,
  limit: number,
  types: readonly string[] | undefined,
): WindowQuery {
  const typeKey = types === undefined ? '' : JSON.stringify([...types].sort())
  return useMemo(() => {
    const wanted = typeKey === '' ? undefined : new Set(JSON.parse(typeKey) as string[])
    const wants = (event: StreamEvent): boolean =>
      wanted?.has(event.type) !== false && isOfTopic?.(event) !== false
    return { key: `${limit} ${typeKey} ${topicKey}`, limit, wants }
  }, [limit, typeKey, topicKey, isOfTopic])
}

function useHandler({ pool, key }: Source, query: WindowQuery, options: ReadOptions): void {
  const { onEvent, enabled = true } = options
  const current = useCurrent(onEvent)
  const isOn = enabled && onEvent !== undefined
  useEffect(() => {
    if (!isOn) return undefined
    return pool.get(key).listen((event) => {
      if (query.wants(event)) return current.current?.(event)
    })
  }, [isOn, pool, key, query, current])
}

function useErrors({ pool, key }: Source, { onError, enabled = true }: ReadOptions): void {
  const current = useCurrent(onError)
  const isOn = enabled && onError !== undefined
  useEffect(() => {
    if (!isOn) return undefined
    return pool.get(key).listenToErrors((error) => current.current?.(error))
  }, [isOn, pool, key, current])
}
