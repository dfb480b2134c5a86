import type { Hub, HubStats } from '@heartline/hub'
import { Counter, Gauge, type Registry } from 'prom-client'

interface PlainCounter {
  readonly name: string
  readonly help: string
  readonly read: (stats: HubStats) => number
}

const PLAIN_COUNTERS: readonly PlainCounter[] = [
  {
    name: 'heartline_published_total',
    help: 'Events stored by publishes on this hub.',
    read: (stats) => stats.published,
  },
  {
    name: 'heartline_publish_duplicates_total',
    help: 'Events that had been stored before under the same publish id.',
    read: (stats) => stats.duplicates,
  },
  {
    name: 'heartline_delivered_total',
    help: 'Events written to readers.',
    read: (stats) => stats.delivered,
  },
  {
    name: 'heartline_delivered_bytes_total',
    help: 'Bytes of events written to readers.',
    read: (stats) => stats.deliveredBytes,
  },
  {
    name: 'heartline_replayed_total',
    help: 'Of the delivered events: those from history.',
    read: (stats) => stats.replayed,
  },
]

/** Registers what the hub counts. It is asked once a scrape; its hot paths know nothing of it. */
export function registerHubMetrics(registry: Registry, hub: Hub): void {
  const registers = [registry]
  for (const { name, help, read } of PLAIN_COUNTERS) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read(hub.stats()))
      },
    })
  }
  registerSessions(registry, hub)
  registerLabelled(registry, {
    name: 'heartline_gaps_total',
    help: 'Gaps told to readers, by reason.',
    read: () => hub.stats().gaps,
  })
  registerLabelled(registry, {
    name: 'heartline_sessions_ended_total',
    help: 'Ended sessions, by reason.',
    read: () => hub.stats().ended,
  })
  new Gauge({
    name: 'heartline_cohorts',
    help: 'Groups of readers that ask for the same and share bytes.',
    registers,
    collect() {
      this.set(hub.stats().cohorts)
    },
  })
  new Gauge({
    name: 'heartline_draining',
    help: '1 while the hub is leaving.',
    registers,
    collect() {
      this.set(hub.isDraining ? 1 : 0)
    },
  })
}

function registerSessions(registry: Registry, hub: Hub): void {
  new Gauge({
    name: 'heartline_sessions',
    help: 'Open sessions by state.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { sessions, blocked, replaying } = hub.stats()
      this.set({ state: 'blocked' }, blocked)
      this.set({ state: 'replaying' }, replaying)
      this.set({ state: 'live' }, Math.max(0, sessions - blocked - replaying))
    },
  })
}

function registerLabelled(
  registry: Registry,
  what: { name: string; help: string; read: () => Readonly<Record<string, number | undefined>> },
): void {
  new Counter({
    name: what.name,
    help: what.help,
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [reason, count] of Object.entries(what.read())) {
        this.inc({ reason }, count ?? 0)
      }
    },
  })
}
