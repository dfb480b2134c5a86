import type { Hub } from '@heartline/hub'

declare const hub: Hub
declare function defineEventHandler<Handler>(handler: Handler): Handler

// #region route
// server/routes/events.get.ts
import { subscribe } from '@heartline/h3/v1'

export default defineEventHandler(subscribe(hub))
// #endregion
