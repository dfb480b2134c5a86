import { createFetchHandler } from '@heartline/hub'
import { hub } from '../../lib/hub.ts'
import { userOf } from '../../lib/user.ts'

export const dynamic = 'force-dynamic'
export const runtime = 'nodejs'

export async function GET(request: Request): Promise<Response> {
  const user = userOf(request)
  if (user === undefined) return new Response('Who are you?', { status: 401 })
  return events(request)
}

const events = createFetchHandler(hub, {
  authorize: (request) => ({ selectors: [`notes/${userOf(request)}`] }),
})
