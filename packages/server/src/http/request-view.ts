/** The headers that the stream and publishing read. A door that parses them itself knows no others. */
export type RequestHeader =
  | 'accept'
  | 'authorization'
  | 'content-encoding'
  | 'content-type'
  | 'heartline-client'
  | 'host'
  | 'idempotency-key'
  | 'last-event-id'
  | 'origin'

/** What a route reads of a request, whoever parsed it. */
export interface RequestView {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** Undefined when missing or empty. */
  header(name: RequestHeader): string | undefined
}
