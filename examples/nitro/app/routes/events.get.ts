import { subscribe } from '@heartline/h3'
import { defineHandler } from 'nitro/h3'
import { hub } from '../lib/hub.ts'

const events = defineHandler(
  subscribe(hub, {
    authorize: ({ context }) => ({ selectors: [`notes/${String(context['user'])}`] }),
  }),
)

export { events as default }
