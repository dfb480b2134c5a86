import { stream } from '@heartline/h3/v1'
import { defineEventHandler } from 'h3-1'
import { currentSetup } from '../../setup.ts'

export default defineEventHandler((event) => {
  const { handler, monitor, headers } = currentSetup()
  return stream(handler, { monitor, headers })(event)
})
