import { Server } from 'node:http'
import type { Cuttable } from './socket-transport.ts'

/** Connections that a server does not know any more, to be cut with its own. */
const released = new WeakMap<Server, Set<Cuttable>>()

/** Whether `closeAllConnections` of a server can be made to cut those, too. */
export function canCutWith(server: Server): boolean {
  return released.has(server) || server.closeAllConnections === Server.prototype.closeAllConnections
}

/**
 * The connections that were taken away from a server. Its `closeAllConnections` cuts them as well
 * from the first time on.
 */
export function releasedFrom(server: Server): Set<Cuttable> {
  const known = released.get(server)
  if (known !== undefined) return known
  const connections = new Set<Cuttable>()
  released.set(server, connections)
  const value = function closeAllConnections(this: Server): void {
    Server.prototype.closeAllConnections.call(this)
    for (const connection of connections) connection.destroy()
  }
  const how = { configurable: true, writable: true, enumerable: false }
  Object.defineProperty(server, 'closeAllConnections', { ...how, value })
  return connections
}
