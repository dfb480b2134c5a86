import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, outputOf } from '../run/build.ts'
import type { Peer, Place } from '../run/peer.ts'
import { Unavailable } from '../run/unavailable.ts'

const CONNECT = encodeURIComponent(JSON.stringify({ subs: { bench: {} } }))

/** Written for version 6. */
export const centrifugo: Peer = {
  name: 'centrifugo',
  title: 'Centrifugo, unidirectional SSE, engine in memory, published to over its HTTP API',
  prepare: (place) => {
    const program = findProgram('centrifugo')
    if (program === undefined) throw new Unavailable('there is no program centrifugo on the PATH')
    const file = join(place.folder, 'config.json')
    writeFileSync(file, JSON.stringify(configuration(place)))
    return {
      command: [program, '--config', file],
      version: outputOf(program, ['version'])?.trim() ?? 'centrifugo',
      streamPath: `/connection/uni_sse?cf_connect=${CONNECT}`,
      publish: {
        path: '/api/publish',
        contentType: 'application/json',
        before: '{"channel":"bench","data":"',
        after: '"}',
      },
    }
  },
}

function configuration({ port }: Place): unknown {
  return {
    http_server: { address: '127.0.0.1', port },
    log: { level: 'error' },
    client: { insecure: true },
    http_api: { insecure: true },
    uni_sse: { enabled: true },
    usage_stats: { disabled: true },
  }
}
