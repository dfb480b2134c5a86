// #region monitor
import type { NodeHandler } from '@heartline/graphql/node'
import type { SessionMonitor } from '@heartline/session'
import { Counter, Gauge, Histogram } from 'prom-client'

const labelNames = ['adapter', 'reason'] as const
const heartbeats = new Counter({ name: 'app_heartbeats_total', help: 'Sent.', labelNames })
const ends = new Counter({ name: 'app_streams_ended_total', help: 'By reason.', labelNames })
const buckets = [1, 10, 60, 300, 1800, 7200]
const durations = new Histogram({ name: 'app_stream_seconds', help: 'Open.', labelNames, buckets })

/** One for each adapter, made once. */
export const monitorOf = (adapter: string): SessionMonitor => ({
  onHeartbeat: () => heartbeats.inc({ adapter }),
  onEnd: ({ openedAt }, { reason, at }) => {
    ends.inc({ adapter, reason })
    durations.observe({ adapter, reason }, Math.max(0, at - openedAt) / 1000)
  },
})

/** What a handler of GraphQL holds when it is asked. */
export function watchGraphql(graphql: Pick<NodeHandler, 'stats'>): void {
  new Gauge({
    name: 'app_graphql',
    help: 'What the handler holds.',
    labelNames: ['what'],
    collect() {
      for (const [what, value] of Object.entries(graphql.stats)) this.set({ what }, value)
    },
  })
}
// #endregion
