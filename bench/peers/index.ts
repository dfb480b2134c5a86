import type { Peer } from '../run/peer.ts'
import { betterSse } from './better-sse.ts'
import { c, cBatch } from './c-epoll.ts'
import { goNetHttp } from './go-nethttp.ts'
import { hub, hubOnDisk } from './hub.ts'
import { nchan } from './nchan.ts'
import { nodeHttp } from './node-http.ts'

/** All servers that can be measured. */
export const PEERS: readonly Peer[] = [
  hub,
  hubOnDisk,
  c,
  cBatch,
  nchan,
  goNetHttp,
  nodeHttp,
  betterSse,
]
