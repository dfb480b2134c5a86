import { createMemoryBroker } from '@heartline/broker'
import { createHub } from '@heartline/hub'
import { setUp } from './setup.ts'

/** For a server that is a process of its own: a hub, and a handler that says hello. */
export async function setUpAlone(): Promise<void> {
  if (process.env['NITRO_TEST_ALONE'] === undefined) return
  const hub = await createHub({ broker: createMemoryBroker() })
  setUp({ hub, monitor: {}, handler: (session) => void session.send({ data: 'hello' }) })
}
