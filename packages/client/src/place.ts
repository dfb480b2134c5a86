import { covers, parseCursor, type Cursor, type HeartlineError } from '@heartline/wire'
import type { Clock } from './clock.ts'
import type { PlaceStore } from './store/place-store.ts'
import { withStore } from './store/with-store.ts'
import { within } from './within.ts'

/** A store that does not answer for so long is done without. */
const LOAD_MS = 5000
/** A cache before it may take as long. */
const SAVE_MS = 10_000

/**
 * Where the stream is, in two ways. *Received* is what a new connection goes on after. *Handled* is
 * what the handlers are done with: only that is saved, so that a crash repeats events instead of
 * losing them.
 */
export class Place {
  readonly #store: PlaceStore | undefined
  readonly #onError: (error: HeartlineError) => void
  readonly #clock: Clock
  #received: string
  #cursor: Cursor | undefined
  #seenId = ''
  #seen: Cursor | undefined
  #handled: string
  #saved: string
  #isRead = false
  #isSaving = false

  constructor(
    start: string,
    store: PlaceStore | undefined,
    onError: (error: HeartlineError) => void,
    clock: Clock,
  ) {
    this.#received = this.#handled = this.#saved = start
    this.#cursor = parseCursor(start)
    this.#store = store
    this.#onError = onError
    this.#clock = clock
  }

  get received(): string {
    return this.#received
  }

  /** What the next request goes on after. The store is read once, before the first. Never rejects. */
  next(): string | Promise<string> {
    const store = this.#store
    const isKnown = this.#isRead || store === undefined || this.#received !== ''
    this.#isRead = true
    if (isKnown) return this.#received
    return withStore('read', () => this.#load(store), this.#onError).then(() => this.#received)
  }

  get handled(): string {
    return this.#handled
  }

  /** True when the event came before: the place covers it. Ids of other servers have no order. */
  covers(id: string): boolean {
    const reached = this.#cursor
    const cursor = parseCursor(id)
    this.#seen = cursor
    this.#seenId = id
    if (reached === undefined || cursor === undefined) return false
    return [...cursor.positions].every(([log, at]) => covers(reached, cursor.epoch, log, at))
  }

  receive(id: string): void {
    if (id === this.#received) return
    this.#received = id
    // Every event is first asked about: its cursor was read already.
    this.#cursor = id === this.#seenId ? this.#seen : parseCursor(id)
  }

  handle(id: string): void {
    this.#handled = id
    if (!this.#isSaving && id !== this.#saved) void this.#save()
  }

  /** Everything before is forgotten. */
  restart(id: string): void {
    this.receive(id)
    this.#handled = this.#saved = id
  }

  async #load(store: PlaceStore): Promise<void> {
    const id = await within(this.#clock, LOAD_MS, async () => store.load())
    if (id !== undefined) this.restart(id)
  }

  /** One call at a time, unless it does not answer; what was handled meanwhile is saved by the next one. */
  async #save(): Promise<void> {
    const store = this.#store
    if (store === undefined) return
    this.#isSaving = true
    // Events of one turn are saved together.
    await Promise.resolve()
    while (this.#saved !== this.#handled) {
      const id = (this.#saved = this.#handled)
      const saving = (): Promise<void> => within(this.#clock, SAVE_MS, async () => store.save(id))
      await withStore('saved', saving, this.#onError)
    }
    this.#isSaving = false
  }
}
