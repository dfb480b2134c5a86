import { HeartlineError } from '@heartline/wire'
import type { Grant } from '../auth/grant.ts'
import { serverErrors } from '../errors.ts'
import type { Exchange } from '../http/exchange.ts'
import type { Services } from '../http/route.ts'

/** Rejects with `HL_ADMIN_REQUIRED` unless the token is an administrator's. */
export async function requireAdmin(exchange: Exchange, services: Services): Promise<Grant> {
  const { query } = exchange
  const authorization = exchange.header('authorization')
  const grant = await services.authenticator.authenticate({ authorization, query })
  if (!grant.admin) throw new HeartlineError(serverErrors.adminRequired)
  return grant
}
