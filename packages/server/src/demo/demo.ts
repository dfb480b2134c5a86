import type { Config } from '../config/config.ts'
import type { Logger } from '../log.ts'
import { createServer, type HeartlineServer } from '../server.ts'
import { readRecordings } from './dataset.ts'
import { startReplay } from './replay.ts'

/** Where the demo keeps its log when no store is named, seen from the working directory. */
export const DEMO_DIRECTORY = '.heartline/demo'
/** About three quarters of an hour of the replay. Only for the demo's own directory. */
const DEMO_ENTRIES = 20_000

/** What the demo sets differently, unless it is told: by path, as in the configuration file. */
export const DEMO_DEFAULTS: ReadonlyMap<string, unknown> = new Map([
  ['store', `disk:${DEMO_DIRECTORY}`],
  // A person who pressed Ctrl-C waits for it.
  ['drain.deadlineMs', '1s'],
])

/** Options of {@link runDemo}. */
export interface DemoOptions {
  readonly log: Logger
  /** How many times faster than the demo's own pace. Default 1. */
  readonly speed?: number | undefined
}

/**
 * Starts a hub and replays recorded data into it, going on where the log stopped. Resolves when
 * connections are accepted and the replay has begun; rejects as `createServer` does.
 */
export async function runDemo(config: Config, options: DemoOptions): Promise<HeartlineServer> {
  const { log, speed } = options
  const recordings = readRecordings()
  const server = await createServer(withBound(config), { log })
  const onError = (error: unknown): void => {
    log.warn({ reason: String(error) }, 'The replay could not publish; it tries again')
  }
  const replay = await startReplay({ hub: server.hub, recordings, speed, onError })
  return {
    hub: server.hub,
    url: server.url,
    isDevelopment: server.isDevelopment,
    async stop() {
      await replay.stop()
      await server.stop()
    },
  }
}

/** A directory that somebody named may hold events that are not the demo's to trim. */
function withBound(config: Config): Config {
  const isOwn = config.store.kind === 'disk' && config.store.directory === DEMO_DIRECTORY
  if (!isOwn || config.retention.maxEntries !== undefined) return config
  return { ...config, retention: { ...config.retention, maxEntries: DEMO_ENTRIES } }
}
