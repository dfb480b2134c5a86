import type { ActionFunctionArgs } from 'react-router'
import { hub, userOf } from '../hub.server.ts'

export async function action({ request, params }: ActionFunctionArgs): Promise<Response> {
  const from = userOf(request)
  const { text } = (await request.json()) as { text: string }
  const data = { from, text: String(text) }
  const published = await hub.publish([{ topic: `notes/${params['user']}`, type: 'note', data }])
  return Response.json(published, { status: 201 })
}
