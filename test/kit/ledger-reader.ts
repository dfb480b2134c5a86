import { covers, decodeCursor, type Cursor } from '@heartline/wire'
import type { Ledger } from './ledger.ts'
import { numberOf } from './numbered.ts'
import type { ReaderHandler, ReceivedEvent } from './reader.ts'

export interface LedgerReaderOptions {
  /** What the data of number n must be. Without it only the number is checked. */
  readonly data?: ((n: number) => string) | undefined
  /**
   * Drops events that the reader's cursor covers, as the client library does. Without it every
   * event counts, as for a page with a plain `EventSource`.
   */
  readonly dropCovered: boolean
  /**
   * A reader without a cursor asks for the earliest retained event, which is not number 1 when the
   * log was trimmed. Default false: it must be 1.
   */
  readonly mayBeginLate?: boolean | undefined
  /** Told every number that was taken. */
  readonly onNumber?: ((n: number) => void) | undefined
}

/** Writes what a reader receives into its ledger. */
export function ledgerHandler(ledger: Ledger, options: LedgerReaderOptions): ReaderHandler {
  let cursor: Cursor | undefined
  const onEvent = (event: ReceivedEvent): void => {
    const here = decodeCursor(event.id)
    if (event.type === 'heartline.gap') ledger.takeGap(event.data)
    else if (event.type === 'message') {
      if (options.dropCovered && isCovered(cursor, here)) {
        ledger.duplicatesDropped++
        return
      }
      const n = numberOf(event.data)
      if (cursor === undefined && options.mayBeginLate === true) ledger.beginAt(n)
      ledger.take(n, event.data, options.data?.(n))
      options.onNumber?.(n)
    }
    cursor = here
  }
  return {
    onEvent(event) {
      try {
        onEvent(event)
      } catch (error) {
        ledger.problem(`${String(error)} in ${JSON.stringify(event).slice(0, 200)}`)
      }
    },
  }
}

function isCovered(cursor: Cursor | undefined, here: Cursor): boolean {
  const position = here.positions.get('')
  if (cursor === undefined || position === undefined) return false
  return covers(cursor, here.epoch, '', position)
}
