import type { DrainOptions } from './close-options.ts'
import type { SessionMonitor } from './monitor.ts'
import { StreamGroup } from './stream-group.ts'

const NO_MONITOR: SessionMonitor = Object.freeze({})

/**
 * The groups of one server, one for each monitor. A monitor that nobody else holds any more is
 * forgotten with its streams.
 */
export class StreamGroups {
  readonly #all = new WeakMap<SessionMonitor, StreamGroup>()
  readonly #busy = new Set<StreamGroup>()
  readonly #isClosing: () => boolean

  /** @param isClosing Whether a stream that is opened now is to be ended at once. */
  constructor(isClosing: () => boolean = () => false) {
    this.#isClosing = isClosing
  }

  /** The group of the streams that are told to this monitor. */
  group(monitor: SessionMonitor = NO_MONITOR): StreamGroup {
    const group =
      this.#all.get(monitor) ??
      new StreamGroup(monitor, { busy: this.#busy, isClosing: this.#isClosing })
    this.#all.set(monitor, group)
    return group
  }

  /** See `StreamGroup.drain`. */
  drain(options?: DrainOptions): void {
    for (const group of this.#busy) group.drain(options)
  }
}
