import type { HubStats } from '@heartline/hub'
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
  {
    name: 'heartline_heartbeats_total',
    help: 'Heartbeats sent to readers that got nothing else.',
    read: (stats) => stats.heartbeats,
  },
  {
    name: 'heartline_kernel_evidence_rounds_total',
    help: "Looks at the kernel's tables of connections; stays 0 where the system has none.",
    read: (stats) => stats.kernelRounds,
  },
]

/** What all hub metrics of one scrape are read from. */
export interface HubReading {
  readonly stats: HubStats
  readonly isDraining: boolean
}

/**
 * Registers what the hub counts. `reading` gives the same answer to all metrics of a scrape: to ask
 * the hub is a walk through its sessions. Its hot paths know nothing of it.
 */
export function registerHubMetrics(registry: Registry, reading: () => HubReading): void {
  const registers = [registry]
  for (const { name, help, read } of PLAIN_COUNTERS) {
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read(reading().stats))
      },
    })
  }
  registerSessions(registry, reading)
  registerLabelled(registry, {
    name: 'heartline_gaps_total',
    help: 'Gaps told to readers, by reason.',
    read: () => reading().stats.gaps,
  })
  registerLabelled(registry, {
    name: 'heartline_sessions_ended_total',
    help: 'Ended sessions, by reason.',
    read: () => reading().stats.ended,
  })
  new Gauge({
    name: 'heartline_cohorts',
    help: 'Groups of readers that ask for the same and share bytes.',
    registers,
    collect() {
      this.set(reading().stats.cohorts)
    },
  })
  new Gauge({
    name: 'heartline_kernel_evidence_suspects',
    help: 'Sessions whose system did not acknowledge what was sent again, at the last look.',
    registers,
    collect() {
      this.set(reading().stats.kernelSuspects)
    },
  })
  new Gauge({
    name: 'heartline_draining',
    help: '1 while the hub is leaving.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(reading().isDraining ? 1 : 0)
    },
  })
}

function registerSessions(registry: Registry, reading: () => HubReading): void {
  new Gauge({
    name: 'heartline_sessions',
    help: 'Open sessions by state.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const { sessions, blocked, replaying } = reading().stats
      this.set({ state: 'blocked' }, blocked)
      this.set({ state: 'replaying' }, replaying)
      this.set({ state: 'live' }, Math.max(0, sessions - blocked - replaying))
    },
  })
  new Gauge({
    name: 'heartline_sessions_by_seam',
    help: 'Open sessions by what they are written to.',
    labelNames: ['seam'],
    registers: [registry],
    collect() {
      this.reset()
      for (const [seam, count] of Object.entries(reading().stats.bySeam)) this.set({ seam }, count)
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
