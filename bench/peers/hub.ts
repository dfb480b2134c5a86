import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../run/build.ts'
import type { Peer, Place, Startable } from '../run/peer.ts'

const SERVER = join(ROOT, 'packages/server')

/** `heartline serve` as it comes: a log, resume, heartbeats, metrics; only the log lines are off. */
export const hub: Peer = {
  name: 'hub',
  title: 'Heartline, `heartline serve` with the log in memory',
  prepare: (place) => serve(place, 'memory'),
}

/** The same with every event forced to the disk before it is acknowledged. */
export const hubOnDisk: Peer = {
  name: 'hub-disk',
  title: 'Heartline, `heartline serve --store disk:…`, fsync before each acknowledgement',
  prepare: (place) => serve(place, `disk:${place.folder}/log`),
}

function serve({ port, hubFlags }: Place, store: string): Startable {
  const { version } = JSON.parse(readFileSync(join(SERVER, 'package.json'), 'utf8')) as {
    version: string
  }
  const flags = ['--listen', `127.0.0.1:${port}`, '--store', store, '--log-level', 'error']
  return {
    command: [process.execPath, join(SERVER, 'bin/heartline.js'), 'serve', ...flags, ...hubFlags],
    version: [`heartline ${version}`, `Node.js ${process.versions.node}`, ...hubFlags].join(', '),
    streamPath: '/v1/events?topic=bench',
    publish: {
      path: '/v1/events',
      contentType: 'application/json',
      before: '{"topic":"bench","data":"',
      after: '"}',
    },
  }
}
