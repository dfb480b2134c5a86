/** The data of each event type: `{ price: { bid: number }; message: string }`. */
export type EventMap = Record<string, unknown>

/** One event as a handler gets it. */
export interface EventOf<Type extends string, Data> {
  readonly type: Type
  readonly data: Data
  /** Its cursor, or the id of the last event that had one; `''` without. */
  readonly id: string
}

/** Why events are missing. `overflow` is the client's own reason, the others are the server's. */
export interface Gap {
  readonly reason:
    | 'expired'
    | 'epoch'
    | 'diverged'
    | 'slow'
    | 'overflow'
    | 'invalid'
    | (string & {})
  /** Ids before and after the hole, as far as they are known. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** With `overflow`: how many events were left out. */
  readonly dropped?: number | undefined
}

export const GAP = 'heartline.gap'

/** An admitted hole in the stream. */
export type GapEvent = EventOf<typeof GAP, Gap>

/** Any event of a stream, told apart by its type. */
export type StreamEvent<Events extends EventMap = EventMap> =
  | { [Type in keyof Events & string]: EventOf<Type, Events[Type]> }[keyof Events & string]
  | GapEvent
