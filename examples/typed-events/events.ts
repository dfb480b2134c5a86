import { defineEvents } from '@heartline/events'
import { z } from 'zod'

/** The one place that the server, its description and its readers agree on. */
export const events = defineEvents({
  tick: z.object({ n: z.number().int(), at: z.iso.datetime() }),
  done: z.object({ ticks: z.number().int() }),
})
