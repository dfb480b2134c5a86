import { join } from 'node:path'
import { BENCH, buildGo, outputOf } from '../run/build.ts'
import type { Peer } from '../run/peer.ts'
import { PLAIN } from './plain.ts'

export const goNetHttp: Peer = {
  name: 'go',
  title: 'Go net/http, a goroutine and a channel per reader, a flush per event',
  prepare: ({ port }) => ({
    ...PLAIN,
    command: [buildGo('go-nethttp', join(BENCH, 'programs/go-nethttp')), String(port)],
    version: outputOf('go', ['version'])?.trim() ?? 'go',
  }),
}
