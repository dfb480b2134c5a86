import { HeartlineError } from '@heartline/wire'
import { isLoopbackHost } from '../config/listen-address.ts'
import { serverErrors } from '../errors.ts'
import type { Cors } from './cors.ts'
import type { RequestView } from './request-view.ts'

/**
 * Guards a hub without a key against the browser of the person who runs it. A name that resolves
 * to 127.0.0.1 (DNS rebinding) would make a foreign page same-origin with the hub: its Host gives
 * it away. A foreign page may also send simple requests: its Origin gives it away.
 */
export function guardDevelopment(request: RequestView, cors: Cors): void {
  const host = request.header('host')
  // HTTP/1.0 has no Host; no browser speaks it.
  if (host !== undefined && !isLoopbackHost(hostName(host))) {
    throw new HeartlineError(serverErrors.hostRefused)
  }
  if (['GET', 'HEAD', 'OPTIONS'].includes(request.method)) return
  const origin = request.header('origin')
  if (origin === undefined || cors.allows(origin)) return
  throw new HeartlineError(serverErrors.originRefused)
}

function hostName(authority: string): string {
  return authority.replace(/:\d+$/, '')
}
