import { brokerConformance } from '@heartline/broker/conformance'
import type { Broker } from '@heartline/broker'
import { openDiskBroker } from '../src/index.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const directories = new WeakMap<Broker, string>()

brokerConformance(
  'the disk broker',
  async (options) => {
    const directory = await temporaryDirectory()
    const broker = await openDiskBroker({ directory, ...options })
    directories.set(broker, directory)
    return broker
  },
  {
    clock: true,
    retention: ['count', 'age', 'bytes'],
    reopen: async (broker, options) => {
      const directory = directories.get(broker) ?? ''
      await broker.close()
      const again = await openDiskBroker({ directory, ...options })
      directories.set(again, directory)
      return again
    },
  },
)
