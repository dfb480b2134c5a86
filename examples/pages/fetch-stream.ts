// #region program
import { stream } from '@heartline/session/fetch'

export const GET = (request: Request): Promise<Response> =>
  stream(request, (session, signal) => {
    session.send({ data: 'hello' })
    signal.addEventListener('abort', () => console.log(`${session.id} has gone`))
  })
// #endregion
