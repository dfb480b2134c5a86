// #region define
import { defineEvents, type EventsOf } from '@heartline/events'
import { z } from 'zod'

export const events = defineEvents({
  price: z.object({ symbol: z.string(), bid: z.number() }),
  closed: z.object({ until: z.iso.datetime() }),
})
export type Events = EventsOf<typeof events>
// #endregion
