import { createNodeHandler, type NodeHandler } from '@heartline/graphql/node'
import { HeartlineError, type ErrorEntry } from '@heartline/wire'
import type { GraphQLSchema } from 'graphql'

const stranger: ErrorEntry = {
  code: 'APP_STRANGER',
  message: 'Say who you are.',
  fault: 'caller',
  retryable: false,
  status: 401,
}
const users = new Map([['Bearer ann-secret', 'ann']])
const userOf = (authorization: unknown): string | undefined => users.get(String(authorization))

export function create(schema: GraphQLSchema, log: (line: string) => void): NodeHandler {
  // #region handler
  const handler = createNodeHandler({
    schema,
    authenticate: ({ headers }) => {
      const user = userOf(headers.authorization)
      if (user === undefined) throw new HeartlineError(stranger)
      return user
    },
    context: (_request, { identity }) => ({ user: identity }),
    onOperation: ({ kind, identity }) => {
      log(`${String(identity)} began a ${kind}`)
      return (end) => log(`${String(identity)}: ${end}`)
    },
  })
  // #endregion
  return handler
}
