import { join } from 'node:path'
import { BENCH, buildGo, outputOf } from '../run/build.ts'
import type { Peer } from '../run/peer.ts'
import { PLAIN } from './plain.ts'

const FOLDER = join(BENCH, 'programs/centrifuge')
const VERSION = '0.38.0'

/** The library that Centrifugo is made of, for machines without that program. */
export const centrifuge: Peer = {
  name: 'centrifuge',
  title: 'Go package centrifugal/centrifuge, SSE, engine in memory: what Centrifugo is made of',
  prepare: ({ port }) => ({
    ...PLAIN,
    streamPath: `/connection/sse?cf_connect=${encodeURIComponent('{"id":1,"connect":{}}')}`,
    command: [buildGo('centrifuge', FOLDER), String(port)],
    version: `centrifuge ${VERSION}, ${outputOf('go', ['version'])?.trim() ?? 'go'}`,
  }),
}
