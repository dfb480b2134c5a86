import type { RequestEvent } from '../../../hooks.server.ts'
import { hub } from '../../../lib/hub.ts'

export async function POST({ request, params, locals }: RequestEvent): Promise<Response> {
  const { text } = (await request.json()) as { text: string }
  const data = { from: locals.user, text: String(text) }
  const published = await hub.publish([{ topic: `notes/${params['user']}`, type: 'note', data }])
  return Response.json(published, { status: 201 })
}
