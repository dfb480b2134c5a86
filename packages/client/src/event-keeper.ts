import type { HeartlineError } from '@heartline/wire'
import type { StreamEvent } from './event.ts'
import type { PlaceStore } from './store/place-store.ts'

/** What a client asks of a cache. It is an option, so that only pages that use one load one. */
export interface EventKeeper {
  /**
   * Called once, by each client that uses it.
   *
   * @param store What the caller gave to keep the place.
   * @param onError Reports what goes wrong beside the connection.
   * @returns Saves the place after everything that was kept before, so that what a place covers is
   *   never missing from the cache.
   */
  beside(store: PlaceStore | undefined, onError: (error: HeartlineError) => void): PlaceStore
  /** Takes an event that all handlers and loops are done with. In the order of the stream. */
  keep(event: StreamEvent): void
}
