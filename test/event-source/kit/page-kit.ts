/** What a script of these tests works with, in Node.js, a page or a worker. */
export interface Kit {
  readonly EventSource: typeof EventSource
  watch(url: string, options?: WatchOptions): Promise<Entry[]>
}

/** One event that a source dispatched. */
export interface Entry {
  readonly type: string
  /** Of the source, while the event was dispatched. */
  readonly readyState: number
  /** Only of a `MessageEvent`. */
  readonly data?: unknown
  readonly lastEventId?: string
  readonly origin?: string
  /** Milliseconds since the constructor. */
  readonly atMs: number
}

export interface WatchOptions {
  readonly init?: EventSourceInit
  /** Further types of events to listen to. */
  readonly types?: readonly string[]
  /** Enough entries. Without: until the source is closed, or an event `end` came. */
  readonly count?: number
  /** Listens so long after that. */
  readonly stayMs?: number
}

const LIMIT_MS = 12_000

/** Nothing here may rely on the module's other names: it is the same in every target. */
export function createKit(Source: typeof EventSource): Kit {
  return { EventSource: Source, watch: (url, options) => watch(Source, url, options) }
}

async function watch(
  Source: typeof EventSource,
  url: string,
  { init, types = [], count, stayMs = 0 }: WatchOptions = {},
): Promise<Entry[]> {
  const entries: Entry[] = []
  const beganAt = performance.now()
  const source = init === undefined ? new Source(url) : new Source(url, init)
  await new Promise<void>((resolve, reject) => {
    setTimeout(() => reject(new Error(`In vain: ${JSON.stringify(entries)}`)), LIMIT_MS)
    const note = (event: Event): void => {
      entries.push(toEntry(event, source.readyState, performance.now() - beganAt))
      const isOver = event.type === 'end' || source.readyState === 2
      if (count === undefined ? isOver : entries.length >= count) resolve()
    }
    const all = new Set(['open', 'message', 'error', 'end', ...types])
    for (const type of all) source.addEventListener(type, note)
  })
  await new Promise((resolve) => setTimeout(resolve, stayMs))
  source.close()
  return count === undefined || stayMs > 0 ? entries : entries.slice(0, count)
}

function toEntry(event: Event, readyState: number, atMs: number): Entry {
  const { type } = event
  if (!(event instanceof MessageEvent)) return { type, readyState, atMs }
  const { data, lastEventId, origin } = event
  return { type, readyState, atMs, data, lastEventId, origin }
}
