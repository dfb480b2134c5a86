import { hub } from '../../../lib/hub.ts'
import { userOf } from '../../../lib/user.ts'

interface Context {
  readonly params: Promise<{ readonly user: string }>
}

export async function POST(request: Request, { params }: Context): Promise<Response> {
  const from = userOf(request)
  if (from === undefined) return new Response('Who are you?', { status: 401 })
  const { text } = (await request.json()) as { text: string }
  const event = { topic: `notes/${(await params).user}`, type: 'note', data: { from, text } }
  return Response.json(await hub.publish([event]), { status: 201 })
}
