/** What SvelteKit hands to hooks and routes, as far as it is used here. */
export interface RequestEvent {
  readonly request: Request
  readonly params: Readonly<Record<string, string>>
  readonly locals: { user?: string | undefined }
}

interface Handling {
  readonly event: RequestEvent
  readonly resolve: (event: RequestEvent) => Promise<Response>
}

const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])

/** Runs before every route, and so before the head of a stream. */
export async function handle({ event, resolve }: Handling): Promise<Response> {
  event.locals.user = users.get(event.request.headers.get('authorization') ?? '')
  if (event.locals.user === undefined) return new Response('Who are you?', { status: 401 })
  return resolve(event)
}
