import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker, WritableState } from '@heartline/broker'
import { openRelayBroker, type RelayBrokerOptions } from '@heartline/broker-relay'
import { afterEach } from 'vitest'
import { createServer, type HeartlineServer } from '../../src/server.ts'
import { toConfig } from '../kit.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

/** Closed after the test, the newest first. */
export function closeLater(close: () => Promise<unknown>): void {
  closing.push(close)
}

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'hl-relay-'))
  closeLater(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** A hub whose log relays can have. */
export async function startUpstream(
  broker: Broker & Partial<WritableState>,
  tree: Record<string, unknown> = {},
): Promise<HeartlineServer> {
  const config = toConfig({ drain: { deadlineMs: 0 }, ...tree })
  const server = await createServer(config, { broker })
  closeLater(() => server.stop())
  return server
}

export async function openRelay(
  url: string,
  options: Partial<RelayBrokerOptions> = {},
): Promise<Broker & WritableState> {
  const broker = await openRelayBroker({ url, ...options })
  closeLater(() => broker.close())
  return broker
}
