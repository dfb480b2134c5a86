import { join } from 'node:path'
import { BENCH, buildGo, outputOf } from '../run/build.ts'
import type { Peer } from '../run/peer.ts'
import { PLAIN } from './plain.ts'

const FOLDER = join(BENCH, 'programs/go-sse')
const VERSION = '0.11.0'

export const goSse: Peer = {
  name: 'go-sse',
  title: 'Go package tmaxmax/go-sse on net/http, without replay',
  prepare: ({ port }) => ({
    ...PLAIN,
    command: [buildGo('go-sse', FOLDER), String(port)],
    version: `go-sse ${VERSION}, ${outputOf('go', ['version'])?.trim() ?? 'go'}`,
  }),
}
