import type { Peer } from '../run/peer.ts'
import { betterSse } from './better-sse.ts'
import { c, cBatch } from './c-epoll.ts'
import { centrifuge } from './centrifuge.ts'
import { centrifugo } from './centrifugo.ts'
import { goNetHttp } from './go-nethttp.ts'
import { goSse } from './go-sse.ts'
import { hub, hubOnDisk } from './hub.ts'
import { mercure } from './mercure.ts'
import { nchan } from './nchan.ts'
import { nodeHttp } from './node-http.ts'
import { pushpin } from './pushpin.ts'

/** All servers that can be measured. */
export const PEERS: readonly Peer[] = [
  hub,
  hubOnDisk,
  c,
  cBatch,
  nchan,
  goNetHttp,
  goSse,
  nodeHttp,
  betterSse,
  pushpin,
  mercure,
  centrifuge,
  centrifugo,
]

/** The names of those a scenario measures unless told otherwise: all hubs, and the ways without one. */
export const USUAL_PEERS: readonly string[] = [
  'c',
  'nchan',
  'go',
  'go-sse',
  'node',
  'better-sse',
  'pushpin',
  'mercure',
  'centrifuge',
  'centrifugo',
]
