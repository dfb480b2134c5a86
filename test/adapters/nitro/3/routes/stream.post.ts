import { stream } from '@heartline/h3'
import { defineHandler } from 'nitro/h3'
import { currentSetup } from '../../setup.ts'

export default defineHandler(async (event) => {
  await event.req.json()
  const { handler, monitor } = currentSetup()
  return stream(handler as never, { monitor })(event)
})
