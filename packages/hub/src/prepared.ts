import type { NewEntry } from '@heartline/broker'

declare const prepared: unique symbol

/** Events that were checked and can be stored. Made by `hub.prepare`. */
export interface PreparedEvents extends ReadonlyArray<NewEntry> {
  readonly [prepared]: true
}
