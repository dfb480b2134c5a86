import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { BENCH, buildGo, findProgram, outputOf } from '../run/build.ts'
import type { Peer, Place } from '../run/peer.ts'

const KEY = 'a key that protects nothing but a benchmark'
const FOLDER = join(BENCH, 'programs/mercure')
const VERSION = '0.24.2'
const PATH = '/.well-known/mercure'

/** Written for the directives of version 0.2x. */
export const mercure: Peer = {
  name: 'mercure',
  title: 'Mercure hub (Caddy), local transport, without history',
  prepare: (place) => {
    const found = findProgram('mercure')
    const program = found ?? buildGo('mercure', FOLDER)
    const file = join(place.folder, 'Caddyfile')
    writeFileSync(file, configuration(place))
    return {
      command: [program, 'run', '--config', file, '--adapter', 'caddyfile'],
      version:
        found === undefined
          ? `mercure ${VERSION}`
          : (outputOf(found, ['version']) ?? 'mercure').trim(),
      streamPath: `${PATH}?topic=bench`,
      headers: `Authorization: Bearer ${token()}\r\n`,
      publish: {
        path: PATH,
        contentType: 'application/x-www-form-urlencoded',
        before: 'topic=bench&data=',
      },
    }
  },
}

function configuration({ port }: Place): string {
  return `{
  admin off
  auto_https off
  persist_config off
  log {
    level ERROR
  }
}
http://127.0.0.1:${port} {
  mercure {
    publisher_jwt "${KEY}"
    subscriber_jwt "${KEY}"
    anonymous
    transport local
    write_timeout 0s
  }
}
`
}

/** A token that may publish and read everything, signed with HS256. */
function token(): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claim = { mercure: { publish: ['*'], subscribe: ['*'] } }
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claim)}`
  return `${text}.${createHmac('sha256', KEY).update(text).digest('base64url')}`
}
