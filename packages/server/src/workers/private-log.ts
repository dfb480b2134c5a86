import { randomBytes } from 'node:crypto'
import type { Hub } from '@heartline/hub'
import { SignJWT } from 'jose'
import { CLAIM } from '../auth/claims.ts'
import { TicketStore } from '../auth/ticket-store.ts'
import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { LocalPeers } from '../peers/local-peers.ts'
import type { Seat, SeatParts } from '../peers/seat.ts'
import { createServer } from '../server.ts'
import { newestOffset } from './first-answers.ts'
import { makePrivateDirectory, removePrivateDirectory, socketIn } from './private-directory.ts'

/** Its only readers are the workers, and they have gone by then. */
const DRAIN_MS = 500

/** The store, and its log served to the workers on a socket that nobody else can open. */
export interface PrivateLog {
  readonly hub: Hub
  readonly metrics: Metrics
  readonly tickets: TicketStore
  readonly directory: string
  /** What workers show to be let in. */
  readonly token: string
  stop(): Promise<void>
}

/** Opens the store that the configuration names. Rejects like `createServer`. */
export async function openPrivateLog(config: Config, log: Logger): Promise<PrivateLog> {
  const directory = makePrivateDirectory()
  // Also when a second signal ends all at once.
  const remove = (): void => removePrivateDirectory(directory)
  process.once('exit', remove)
  const secret = randomBytes(48).toString('base64url')
  const tickets = new TicketStore(Date.now)
  const taken: SeatParts[] = []
  const seat: Seat = {
    sessionIdPrefix: '',
    count: 1,
    take(parts) {
      taken.push(parts)
      return { peers: new LocalPeers(parts.hub, parts.metrics), tickets }
    },
    settled: async () => taken.reduce((_, { hub }) => newestOffset(hub), 0),
  }
  try {
    const server = await createServer(toPrivateConfig(config, directory, secret), { log, seat })
    const [parts] = taken
    if (parts === undefined) throw new TypeError('The server took no seat')
    const token = await signToken(secret)
    return { ...parts, tickets, directory, token, stop: () => leave(server, remove) }
  } catch (error) {
    process.off('exit', remove)
    remove()
    throw error
  }
}

async function leave(server: { stop(): Promise<void> }, remove: () => void): Promise<void> {
  await server.stop()
  process.off('exit', remove)
  remove()
}

/** Nothing of what the public sees: the log, for whoever has the secret. */
function toPrivateConfig(config: Config, directory: string, secret: string): Config {
  return {
    ...config,
    listen: { host: undefined, port: 0, path: socketIn(directory) },
    workers: 1,
    tls: {},
    namespaces: [],
    auth: { keys: { secret }, algorithms: ['HS256'], clockTolerance: 0, anonymous: false },
    cors: { origins: [], credentials: false },
    limits: { ...config.limits, maxSessions: 0 },
    drain: { deadlineMs: DRAIN_MS },
    metrics: { enabled: false, access: 'admin' },
    console: { enabled: false },
  }
}

/** It lives as long as the secret, which is never written anywhere. */
function signToken(secret: string): Promise<string> {
  return new SignJWT({ [CLAIM]: { admin: true } })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))
}
