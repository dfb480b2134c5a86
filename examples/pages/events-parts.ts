import { createClient, type Client } from '@heartline/client'
import { defineEvents, toEvent } from '@heartline/events'
import { openApiRoute, toOpenApi, type OpenApiRoute } from '@heartline/events/openapi'
import type { Hub } from '@heartline/hub'
import { typedHooks, type TypedHooks } from '@heartline/react'
import { z } from 'zod'
import { events, type Events } from './events.ts'

export async function publish(hub: Hub): Promise<void> {
  // #region publish
  const price = { symbol: 'ACME', bid: 9 }
  await hub.publish([{ topic: 'prices/ACME', ...toEvent(events, 'price', price) }])
  // #endregion
}

// #region both-sides
export const moments = defineEvents({
  at: { send: z.date(), receive: z.iso.datetime().transform((text) => new Date(text)) },
})
// #endregion

export function read(): Client<Events> {
  // #region read
  const client = createClient({ url: '/prices', schemas: events.schemas }) // Client<Events>
  client.on('price', ({ bid }) => console.log(bid.toFixed(2)))
  // #endregion
  return client
}

// #region react
export const hooks: TypedHooks<Events> = typedHooks<Events>()
// #endregion

export function describe(): OpenApiRoute {
  // #region describe
  const description = toOpenApi({
    info: { title: 'Prices', version: '1.0.0' },
    version: '3.2', // or '3.1'
    paths: { '/prices/{market}': { events, summary: 'Live prices', operationId: 'readPrices' } },
  })
  const route = openApiRoute(description)
  // #endregion
  return route
}
