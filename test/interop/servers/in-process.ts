import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ReceivedEvent } from '../../kit/reader.ts'
import { storyNumber, type TakenEvent } from '../event.ts'

/** Where a server of this process is, and how it ends. */
export interface Listening {
  readonly port: number
  readonly close: () => Promise<void>
}

/** Starts a server of this process on a free port of loopback. */
export async function listen(server: Server): Promise<Listening> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Of servers that send the events of the story and nothing else. */
export function asStoryEvent({ type, data, id }: ReceivedEvent): TakenEvent {
  return { n: storyNumber(data), type, data, id }
}
