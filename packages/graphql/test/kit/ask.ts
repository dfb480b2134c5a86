import { faces, type Face, type Served } from './faces.ts'
import { graphqls, type Graphql } from './graphqls.ts'
import { makeSchema, type TestSchema } from './schema.ts'
import { StreamReader } from './stream-reader.ts'
import type { HandlerOptions } from '../../src/index.ts'

/** One way to mount the handler with one version of `graphql`. */
export interface Target {
  readonly name: string
  readonly graphql: Graphql
  readonly face: Face
}

/** Every face with every version. */
export const targets: readonly Target[] = faces.flatMap((face) =>
  graphqls.map((graphql) => ({ name: `${face.name}, ${graphql.name}`, graphql, face })),
)

export interface Api extends Served, TestSchema {
  /** A POST with the parameters as JSON. */
  post(params: unknown, headers?: Record<string, string>, query?: string): Promise<Response>
  /** A POST that asks for a stream. */
  stream(query: string, more?: StreamRequest): Promise<StreamReader>
  /** Reserves a stream. */
  reserve(): Promise<string>
  /** Opens a reserved stream. */
  open(token: string): Promise<StreamReader>
  /** Sends an operation to a reserved stream. */
  operate(token: string, operationId: unknown, query: string, more?: object): Promise<Response>
  stop(token: string, operationId: string): Promise<Response>
}

interface StreamRequest {
  readonly variables?: object
  readonly operationName?: string
  readonly headers?: Record<string, string>
}

const STREAM = { accept: 'text/event-stream' }
const TOKEN = 'x-graphql-event-stream-token'

/** A handler with the test schema on a real server. */
export async function startApi(
  { graphql, face }: Target,
  options: Partial<HandlerOptions<unknown>> = {},
  schema: TestSchema = makeSchema(graphql),
): Promise<Api> {
  const served = await face.serve({ schema: schema.schema, engine: graphql.engine, ...options })
  return toApi(served, schema)
}

export function toApi(served: Served, schema: TestSchema): Api {
  const { url, fetch } = served
  const post: Api['post'] = (params, headers = {}, query = '') =>
    fetch(url + query, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(params),
    })
  return {
    ...served,
    ...schema,
    post,
    stream: async (query, { variables, operationName, headers } = {}) =>
      new StreamReader(await post({ query, variables, operationName }, { ...STREAM, ...headers })),
    reserve: async () => (await fetch(url, { method: 'PUT' })).text(),
    open: async (token) =>
      new StreamReader(await fetch(url, { headers: { ...STREAM, [TOKEN]: token } })),
    operate: (token, operationId, query, more = {}) =>
      post({ query, extensions: { operationId }, ...more }, { [TOKEN]: token }),
    stop: (token, operationId) =>
      fetch(`${url}?operationId=${encodeURIComponent(operationId)}`, {
        method: 'DELETE',
        headers: { [TOKEN]: token },
      }),
  }
}
