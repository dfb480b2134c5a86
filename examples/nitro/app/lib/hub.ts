import { createMemoryBroker } from '@heartline/broker'
import { createHub, type Hub } from '@heartline/hub'

// One for the process: the development server loads modules anew with every change.
const shared = globalThis as { hub?: Promise<Hub> }
export const hub: Hub = await (shared.hub ??= createHub({ broker: createMemoryBroker() }))
