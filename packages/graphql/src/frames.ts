import type { EventFields } from '@heartline/wire'
import type { ExecutionResult } from 'graphql'
import { toError } from './errors.ts'
import type { ResultPlace } from './operation.ts'

/** How the results of an operation are written on its stream. */
export interface Frames {
  next(result: ExecutionResult, place: ResultPlace): EventFields
  complete(): EventFields
  /** Tells where the source is when no result does; undefined where the stream has many sources. */
  place(id: string): EventFields | undefined
}

/** A stream of its own: the place of its source is the place of the stream. */
export const distinctFrames: Frames = {
  next: (result, place) => ({
    type: 'next',
    data: toJson(withGap(result, place)),
    id: place.id,
  }),
  // Not without `data:`, or an EventSource would never see it.
  complete: () => ({ type: 'complete', data: '' }),
  place: (id) => ({ id }),
}

/** A shared stream: each frame says which operation it is of. */
export function singleFrames(id: string): Frames {
  const idJson = JSON.stringify(id)
  return {
    next: (result, place) => {
      const payload = toJson(withPlace(withGap(result, place), place))
      return { type: 'next', data: `{"id":${idJson},"payload":${payload}}` }
    },
    complete: () => ({ type: 'complete', data: `{"id":${idJson}}` }),
    place: () => undefined,
  }
}

/** A hole is told with the first result after it, where every client lets it through. */
function withGap(result: ExecutionResult, { gap }: ResultPlace): ExecutionResult {
  if (gap === undefined) return result
  return { ...result, extensions: { ...result.extensions, heartline: { gap } } }
}

/**
 * An id of the stream would be the place of one of its operations: each result says its own, where
 * every client hands it on.
 */
function withPlace(result: ExecutionResult, { id }: ResultPlace): ExecutionResult {
  if (id === undefined) return result
  const { heartline, ...others } = result.extensions ?? {}
  const place = { ...(heartline as object | undefined), lastEventId: id }
  return { ...result, extensions: { ...others, heartline: place } }
}

function toJson(result: ExecutionResult): string {
  try {
    return JSON.stringify(result)
  } catch (error) {
    throw toError('resultInvalid', {}, error)
  }
}
