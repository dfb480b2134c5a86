import { defineHandler, getRouterParam } from 'nitro/h3'
import { hub } from '../../lib/hub.ts'

const post = defineHandler(async (event) => {
  const { text } = (await event.req.json()) as { text: string }
  const data = { from: event.context['user'], text: String(text) }
  event.res.status = 201
  const topic = `notes/${getRouterParam(event, 'user')}`
  return hub.publish([{ topic, type: 'note', data }])
})

export { post as default }
