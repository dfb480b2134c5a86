import { curl, goReader } from './clients/child.ts'
import {
  fetchEventSource,
  nativeEventSource,
  ourClientInPage,
  ourEventSourceInPage,
} from './clients/chromium.ts'
import type { InteropClient } from './clients/client.ts'
import { npmEventSource, npmEventSourceClient, ourClient, ourEventSource } from './clients/node.ts'
import { haproxy } from './paths/haproxy.ts'
import { nginx, nginxHttp2 } from './paths/nginx.ts'
import { direct, type InteropPath } from './paths/path.ts'
import { betterSse } from './servers/better-sse.ts'
import { go } from './servers/go.ts'
import { graphqlSse } from './servers/graphql-sse.ts'
import { hub, hubWithoutDoor } from './servers/hub.ts'
import type { InteropServer } from './servers/server.ts'

const SERVERS: readonly InteropServer[] = [hub, hubWithoutDoor, betterSse, go, graphqlSse]
const PATHS: readonly InteropPath[] = [direct, nginx, nginxHttp2, haproxy]

const IN_NODE = [ourClient, ourEventSource]
const IN_BROWSER = [ourClientInPage, ourEventSourceInPage]
const FOREIGN = [npmEventSource, nativeEventSource, curl]
/** Those that say something about our hub only. */
const OF_THE_HUB = [npmEventSourceClient, fetchEventSource, goReader]

/** One server and one way to it, with all clients that read there at the same time. */
export interface Group {
  readonly server: InteropServer
  readonly path: InteropPath
  readonly clients: readonly InteropClient[]
}

/** Every group. All together they are the matrix. */
export const GROUPS: readonly Group[] = SERVERS.flatMap((server) =>
  PATHS.map((path) => ({ server, path, clients: clientsOf(server, path) })),
)

function clientsOf(server: InteropServer, path: InteropPath): InteropClient[] {
  const ours = path.isHttp2 ? IN_BROWSER : IN_NODE
  if (!server.remembers) return ours
  const foreign = path.isHttp2 ? [nativeEventSource, curl] : FOREIGN
  const isHub = server === hub || server === hubWithoutDoor
  return [...ours, ...foreign, ...(isHub && !path.isHttp2 ? OF_THE_HUB : [])]
}

/** Why a group cannot be tried on this machine, for a person. */
export function missingFor({ server, path, clients }: Group): readonly string[] {
  const parts = [server, path, ...clients]
  const words = parts.flatMap((part) => part.missing?.() ?? [])
  return [...new Set(words)]
}

export function nameOf({ server, path }: Group, client?: InteropClient): string {
  const reader = client === undefined ? '' : `${client.name} < `
  return `${reader}${path.name} < ${server.name}`
}
