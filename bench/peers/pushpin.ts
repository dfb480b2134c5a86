import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, outputOf } from '../run/build.ts'
import type { Peer, Place } from '../run/peer.ts'
import { Unavailable } from '../run/unavailable.ts'

const INTERNAL = '/usr/lib/pushpin/internal.conf'

/** A proxy of several processes. Its built-in test route holds streams, so that no backend adds to the cost. */
export const pushpin: Peer = {
  name: 'pushpin',
  title: 'Pushpin, its built-in test route instead of a backend',
  prepare: (place) => {
    const program = findProgram('pushpin')
    if (program === undefined || !existsSync(INTERNAL)) {
      throw new Unavailable('install pushpin from Debian')
    }
    const file = join(place.folder, 'pushpin.conf')
    mkdirSync(join(place.folder, 'run'))
    writeFileSync(file, configuration(place))
    return {
      command: [program, `--config=${file}`, `--port=127.0.0.1:${place.port}`, '--route=* test'],
      version: outputOf(program, ['--version'])?.trim() ?? 'pushpin',
      streamPath: '/stream',
      // It answers 500 to what its accept queue does not hold.
      connectFlight: 16,
      publish: {
        path: '/publish/',
        port: place.publishPort,
        contentType: 'application/json',
        before: '{"items":[{"channel":"test","formats":{"http-stream":{"content":"data: ',
        after: String.raw`\n\n"}}}]}`,
      },
    }
  },
}

function configuration({ publishPort, folder }: Place): string {
  return `[global]
include=${INTERNAL}
rundir=${folder}/run
ipc_prefix=bench-

[runner]
services=condure,pushpin-proxy,pushpin-handler
logdir=${folder}
log_level=1
client_maxconn=50000

[handler]
push_in_spec=ipc://${folder}/run/push
push_in_sub_specs=ipc://${folder}/run/sub
push_in_http_addr=127.0.0.1
push_in_http_port=${publishPort}
`
}
