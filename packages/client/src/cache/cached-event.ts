import type { EventMap, EventOf, StreamEvent } from '../event.ts'
import type { CacheRecord } from './cache-store.ts'

/** The last event of a type and a key. */
export interface CachedEvent<Type extends string = string, Data = unknown> extends EventOf<
  Type,
  Data
> {
  /** What `keyOf` said; `''` without one. */
  readonly key: string
  /** When it was handled, in Unix milliseconds by the clock of this machine. */
  readonly at: number
}

/** Which event to take as what. Undefined: it is not kept. */
export type KeyOf<Events extends EventMap> = (event: StreamEvent<Events>) => string | undefined

/** The name of a value. No type has a line end in it, so two values never share one. */
export function nameOf(type: string, key: string): string {
  return `${type}\n${key}`
}

/** Undefined for what is not one of ours: a store may have been written by somebody else. */
export function toCachedEvent({ name, text }: CacheRecord): CachedEvent | undefined {
  try {
    const event = JSON.parse(text) as CachedEvent
    return nameOf(event.type, event.key) === name && event.at >= 0 ? event : undefined
  } catch {
    return undefined
  }
}
