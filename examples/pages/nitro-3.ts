import type { Hub } from '@heartline/hub'

declare const hub: Hub

// #region route
// routes/events.get.ts
import { subscribe } from '@heartline/h3'
import { defineHandler } from 'nitro/h3'

export default defineHandler(subscribe(hub))
// #endregion
