import { createMemoryBroker } from '@heartline/broker'
import { createHub, type Hub } from '@heartline/hub'

// One for the process: the development server loads modules anew with every change.
const shared = globalThis as { hub?: Promise<Hub> }
export const hub: Hub = await (shared.hub ??= createHub({ broker: createMemoryBroker() }))

// Streams would hold up the end of the server: their readers are told when to come back.
process.once('SIGTERM', () => void hub.drain({ deadlineMs: 2_000 }).then(() => hub.close()))

const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])

/** Who asks. A thrown response is the answer, as loaders and actions have it. */
export function userOf(request: Request): string {
  const user = users.get(request.headers.get('authorization') ?? '')
  if (user === undefined) throw new Response('Who are you?', { status: 401 })
  return user
}
