import { stream } from '@heartline/h3/v1'
import { defineEventHandler, readBody } from 'h3-1'
import { currentSetup } from '../../setup.ts'

export default defineEventHandler(async (event) => {
  await readBody(event)
  const { handler, monitor, headers } = currentSetup()
  return stream(handler, { monitor, headers })(event)
})
