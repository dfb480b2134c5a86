import type { RequestHeader, RequestView } from '../http/request-view.ts'
import { FIELD_INDEX } from './head-field.ts'

/** The one path whose requests the door reads. */
export const DOOR_PATH = '/v1/events'

const NO_QUERY = new URLSearchParams()

/** A request whose head the door has read. */
export class DoorRequest implements RequestView {
  readonly method: 'GET' | 'POST'
  readonly path: string = DOOR_PATH
  /** Values of the headers of `head-field.ts`, by their place. */
  readonly values: readonly (string | undefined)[]
  /** Where the head ends in the bytes that it was read from, and the body begins. */
  readonly headEnd: number
  /** Bytes of the body. 0 for a GET. */
  readonly bodyBytes: number
  readonly #queryText: string
  #query: URLSearchParams | undefined = undefined

  constructor(parts: {
    readonly method: 'GET' | 'POST'
    readonly queryText: string
    readonly values: readonly (string | undefined)[]
    readonly headEnd: number
    readonly bodyBytes: number
  }) {
    this.method = parts.method
    this.values = parts.values
    this.headEnd = parts.headEnd
    this.bodyBytes = parts.bodyBytes
    this.#queryText = parts.queryText
  }

  get query(): URLSearchParams {
    if (this.#queryText === '') return NO_QUERY
    this.#query ??= new URLSearchParams(this.#queryText)
    return this.#query
  }

  header(name: RequestHeader): string | undefined {
    const value = this.values[FIELD_INDEX[name]]
    return value === '' ? undefined : value
  }
}
