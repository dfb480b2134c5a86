// #region program
import { createHandler } from '@heartline/graphql'
import { schema } from './schema.ts'

export default { fetch: createHandler({ schema }) } // Bun, Deno, Workers, Hono, Next.js
// #endregion
