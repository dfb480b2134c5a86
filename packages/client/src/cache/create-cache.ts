import type { EventMap } from '../event.ts'
import type { CacheStore } from './cache-store.ts'
import { EventCache, type CacheOptions } from './event-cache.ts'
import { DatabaseCacheStore } from './indexed-db.ts'

/**
 * A cache that lives as long as the object.
 *
 * @throws HeartlineError `HL_CLIENT_CACHE_OPTION_INVALID`
 */
export function memoryCache<Events extends EventMap = EventMap>(
  options?: CacheOptions<Events>,
): EventCache<Events> {
  return new EventCache<Events>(undefined, options)
}

/**
 * A cache in IndexedDB.
 *
 * @param name Names it within the origin. Streams of different topics need different ones.
 * @throws HeartlineError `HL_CLIENT_CACHE_OPTION_INVALID`
 */
export function indexedDbCache<Events extends EventMap = EventMap>(
  name: string,
  options?: CacheOptions<Events>,
): EventCache<Events> {
  return new EventCache<Events>(new DatabaseCacheStore(name), options)
}

/**
 * A cache in a store of your own.
 *
 * @throws HeartlineError `HL_CLIENT_CACHE_OPTION_INVALID`
 */
export function createCache<Events extends EventMap = EventMap>(
  store: CacheStore,
  options?: CacheOptions<Events>,
): EventCache<Events> {
  return new EventCache<Events>(store, options)
}
