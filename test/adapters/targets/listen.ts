import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'
import type { Application } from '../target.ts'

/** Listens on a free port; closes as the server does. */
export async function listen(server: Server, emitter?: object): Promise<Application> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    emitter,
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => void server.close(resolve)),
  }
}
