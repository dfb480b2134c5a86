// #region program
import { createServer } from 'node:http'
import { createMemoryBroker } from '@heartline/broker'
import { createHub, createNodeHandler } from '@heartline/hub'
import { HeartlineError, type ErrorEntry } from '@heartline/wire'

const logins = new Map([['Bearer ann-secret', { user: 'ann', endsAtMs: Date.now() + 3_600_000 }]])
const stranger: ErrorEntry = {
  code: 'APP_STRANGER',
  message: 'Say who you are.',
  fault: 'caller',
  retryable: false,
  status: 401,
}

const hub = await createHub({ broker: createMemoryBroker() })
const handler = createNodeHandler(hub, {
  authorize: ({ headers }) => {
    const login = logins.get(headers.authorization ?? '')
    if (login === undefined) throw new HeartlineError(stranger)
    const { user, endsAtMs } = login
    return { subscriber: user, rights: [`users/${user}/**`], expiresAtMs: endsAtMs }
  },
})
createServer(handler).listen(3000)
// #endregion
