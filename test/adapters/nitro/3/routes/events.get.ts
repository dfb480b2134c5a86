import { subscribe } from '@heartline/h3'
import { defineHandler } from 'nitro/h3'
import { currentSetup } from '../../setup.ts'

export default defineHandler((event) => {
  const { hub, monitor, authorize, headers } = currentSetup()
  return subscribe(hub, { monitor, authorize, headers })(event)
})
