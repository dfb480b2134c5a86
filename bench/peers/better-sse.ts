import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BENCH } from '../run/build.ts'
import type { Peer } from '../run/peer.ts'
import { PLAIN } from './plain.ts'

export const betterSse: Peer = {
  name: 'better-sse',
  title: 'npm better-sse on node:http, `channel.broadcast` per event',
  prepare: ({ port }) => ({
    ...PLAIN,
    command: [process.execPath, join(BENCH, 'programs/better-sse.mjs'), String(port)],
    version: `better-sse ${packageVersion()}, Node.js ${process.versions.node}`,
  }),
}

function packageVersion(): string {
  const file = join(BENCH, 'node_modules/better-sse/package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
