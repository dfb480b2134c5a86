import { subscribeFetch } from '@heartline/session/fetch'
import type { RequestEvent } from '../../hooks.server.ts'
import { hub } from '../../lib/hub.ts'

export function GET(event: RequestEvent): Promise<Response> {
  const authorize = ({ locals }: RequestEvent) => ({ selectors: [`notes/${locals.user}`] })
  return subscribeFetch(hub, event.request, { authorize }, { context: event })
}
