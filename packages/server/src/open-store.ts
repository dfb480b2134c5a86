import { createMemoryBroker, type Broker, type WritableState } from '@heartline/broker'
import type { Config } from './config/config.ts'
import { upstreamToken } from './config/upstream.ts'
import type { Logger } from './log.ts'

/** An event's topics, key and type come on top of its data. */
const ENTRY_OVERHEAD_BYTES = 65_536

/** Opens the log that the configuration names. Rejects with `HL_STORE_LOCKED` and other store errors. */
export async function openStore(
  config: Config,
  log: Logger,
): Promise<Broker & Partial<WritableState>> {
  if (config.store.kind === 'relay') return openRelay(config, config.store.url, log)
  const common = {
    ...config.retention,
    maxEntryBytes: config.limits.maxEventBytes + ENTRY_OVERHEAD_BYTES,
  }
  if (config.store.kind === 'memory') return createMemoryBroker(common)
  // The engine is native code: a hub in memory starts without loading it.
  const { openDiskBroker } = await import('@heartline/broker-disk')
  const broker = await openDiskBroker({
    ...common,
    directory: config.store.directory,
    fsync: config.disk.fsync,
    fsyncIntervalMs: config.disk.fsyncIntervalMs,
    onReport: (report) => log.info({ report }, 'Store'),
  })
  const { clean, tornBytes, entriesCut } = broker.recovery
  if (!clean)
    log.warn({ tornBytes, entriesCut }, 'The store was not closed in good order; recovered')
  return broker
}

async function openRelay(
  config: Config,
  url: string,
  log: Logger,
): Promise<Broker & WritableState> {
  if (Object.values(config.retention).some((value) => value !== undefined)) {
    log.warn({}, 'retention has no effect here: what is kept is decided at the upstream')
  }
  const { openRelayBroker } = await import('@heartline/broker-relay')
  return openRelayBroker({
    url,
    token: upstreamToken(config.upstream),
    onReport: (report) => {
      if (report.kind === 'connected') log.info({ report }, 'Upstream')
      else log.warn({ report }, 'Upstream')
    },
  })
}
