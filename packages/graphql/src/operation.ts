import type { OperationParams } from './params.ts'

/** How the results of an operation leave: as JSON, on a stream of its own, on a shared stream. */
export type OperationMode = 'http' | 'distinct' | 'single'

/** One operation, as hooks see it. */
export interface Operation {
  readonly mode: OperationMode
  readonly kind: 'query' | 'mutation' | 'subscription'
  readonly params: OperationParams
  /** What `authenticate` answered for the request that brought the operation. */
  readonly identity: unknown
  /** Where a broken stream goes on: `Last-Event-ID` or `extensions.lastEventId`. Not checked. */
  readonly lastEventId: string | undefined
  /** Aborted when the operation ends, whatever the reason: nobody wants its results any more. */
  readonly signal: AbortSignal
}

/** Why an operation ended. */
export type OperationEnd =
  /** It sent all its results. */
  | 'completed'
  /** The reader stopped it, or went away. */
  | 'stopped'
  /** Its source threw. */
  | 'failed'

/** A hole in what a source brought, which the next result tells. */
export interface SourceGap {
  readonly reason: string
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/** Where a source was when it brought a result. */
export interface ResultPlace {
  /** The id of the event behind the result; undefined for sources without ids. */
  readonly id?: string | undefined
  /** What was missing before it. */
  readonly gap?: SourceGap | undefined
}

/** How far the source of an operation has come. */
export class Place implements ResultPlace {
  /** The id of the event that was taken last; undefined for sources without ids. */
  id: string | undefined = undefined
  /** What was missing before it. */
  gap: SourceGap | undefined = undefined
  /** Called when the source moved on without an event. */
  onMoved: ((id: string) => void) | undefined = undefined

  /** For the result of now: a gap is told once. */
  take(): ResultPlace {
    const { id, gap } = this
    this.gap = undefined
    return { id, gap }
  }
}

const places = new WeakMap<Operation, Place>()

/** The place of an operation. Not a member of it: only sources and frames have business with it. */
export function placeOf(operation: Operation): Place {
  let place = places.get(operation)
  if (place === undefined) places.set(operation, (place = new Place()))
  return place
}
