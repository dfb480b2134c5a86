import { join } from 'node:path'
import { BENCH } from '../run/build.ts'
import type { Peer } from '../run/peer.ts'
import { PLAIN } from './plain.ts'

export const nodeHttp: Peer = {
  name: 'node',
  title: 'node:http, one `response.write(string)` per reader and event',
  prepare: ({ port }) => ({
    ...PLAIN,
    command: [process.execPath, join(BENCH, 'programs/node-http.mjs'), String(port)],
    version: `Node.js ${process.versions.node}`,
  }),
}
