import type { Handler, HandlerOptions } from '@heartline/graphql'
import type { Application } from '../target.ts'

/** An application with the handler at `/graphql`. */
export interface GraphqlApplication extends Application {
  readonly graphql: Pick<Handler, 'stats'>
}

/**
 * A framework with its usual middleware (compression, CORS for `http://shop.example`, body parser)
 * and `/graphql`, mounted as docs/graphql.md says: a test compares them.
 */
export interface GraphqlTarget {
  readonly name: string
  readonly http: 1 | 2
  start(options: HandlerOptions<unknown>): Promise<GraphqlApplication>
}
