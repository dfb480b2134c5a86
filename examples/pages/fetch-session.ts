// #region session
import { createFetchSession } from '@heartline/session/fetch'

export function GET(request: Request): Response {
  const { session, response } = createFetchSession(request, { heartbeatMs: 9_000 })
  session.send({ data: 'hello' })
  return response
}
// #endregion
