import { defineHandler, HTTPError } from 'nitro/h3'

const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])

/** Runs before every route, and so before the head of a stream. */
const authenticate = defineHandler((event) => {
  const user = users.get(event.req.headers.get('authorization') ?? '')
  if (user === undefined) throw new HTTPError({ status: 401, message: 'Who are you?' })
  event.context['user'] = user
})

export { authenticate as default }
