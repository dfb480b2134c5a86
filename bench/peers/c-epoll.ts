import { join } from 'node:path'
import { BENCH, buildC, outputOf } from '../run/build.ts'
import type { Peer, Place, Startable } from '../run/peer.ts'
import { PLAIN } from './plain.ts'

/** The limit when each delivery is a write of its own. */
export const c: Peer = {
  name: 'c',
  title: 'C, epoll, one `send` per reader and event: the limit without batches',
  prepare: (place) => prepare(place, 'each'),
}

/** The limit when what waits is written together. */
export const cBatch: Peer = {
  name: 'c-batch',
  title: 'C, epoll, one `send` per reader for all events that wait: the limit',
  prepare: (place) => prepare(place, 'together'),
}

function prepare({ port }: Place, mode: string): Startable {
  const program = buildC('c-epoll', [join(BENCH, 'programs/c-epoll.c')])
  return {
    ...PLAIN,
    command: [program, String(port), mode],
    version: outputOf('cc', ['--version'])?.split('\n')[0] ?? 'cc',
  }
}
