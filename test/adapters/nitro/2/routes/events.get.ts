import { subscribe } from '@heartline/h3/v1'
import { defineEventHandler } from 'h3-1'
import { currentSetup } from '../../setup.ts'

export default defineEventHandler((event) => {
  const { hub, monitor, authorize, headers } = currentSetup()
  return subscribe(hub, { monitor, authorize, headers })(event)
})
