import { stream } from '@heartline/h3'
import { defineHandler } from 'nitro/h3'
import { currentSetup } from '../../setup.ts'

export default defineHandler(async (event) => {
  await event.req.json()
  const { handler, monitor, headers } = currentSetup()
  return stream(handler as never, { monitor, headers })(event)
})
