import { createMemoryBroker } from '@heartline/broker'
import { createHub, type Hub } from '@heartline/hub'

// One for the process: `vite dev` loads modules anew with every change.
const shared = globalThis as { hub?: Promise<Hub> }
export const hub: Hub = await (shared.hub ??= createHub({ broker: createMemoryBroker() }))

// Streams would hold up the end of the server: their readers are told when to come back.
process.once('SIGTERM', () => void hub.drain({ deadlineMs: 2_000 }).then(() => hub.close()))
