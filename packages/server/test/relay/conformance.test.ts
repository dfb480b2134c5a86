import { join } from 'node:path'
import { createMemoryBroker } from '@heartline/broker'
import { brokerConformance } from '@heartline/broker/conformance'
import { openDiskBroker } from '@heartline/broker-disk'
import { openRelay, startUpstream, temporaryDirectory } from './kit.ts'

const retention = ['count', 'age', 'bytes'] as const

brokerConformance(
  'a relay of a hub in memory',
  async (options) => {
    const upstream = await startUpstream(createMemoryBroker(options))
    return openRelay(upstream.url)
  },
  { clock: true, retention },
)

brokerConformance(
  'a relay that keeps next to nothing, of a hub on disk, through a unix socket',
  async (options) => {
    const directory = temporaryDirectory()
    const log = await openDiskBroker({ directory: join(directory, 'log'), ...options })
    const upstream = await startUpstream(log, { listen: `unix:${join(directory, 'hub.sock')}` })
    return openRelay(upstream.url, { windowBytes: 1 })
  },
  { clock: true, retention },
)
