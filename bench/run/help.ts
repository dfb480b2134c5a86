import type { Peer } from './peer.ts'
import type { Scenario } from './scenario.ts'

/** The text of `--help`. */
export function help(scenarios: readonly Scenario[], peers: readonly Peer[]): string {
  const width = Math.max(...[...scenarios, ...peers].map(({ name }) => name.length)) + 2
  return `Measures the hub beside other servers of Server-Sent Events. Loopback only.

Usage: npm run bench -- <scenario>… [options]

Scenarios:
${scenarios.map((one) => `  ${one.name.padEnd(width)}${one.about}`).join('\n')}
  ${'all'.padEnd(width)}every one of them

Options:
  --rounds N       rounds; figures are medians over them
  --conns N        readers of each server
  --for MS         length of one measured turn
  --peers a,b      servers beside the hub
  --hub 'FLAGS'    more flags for heartline serve, separated by spaces
  --json [FILE]    the result as JSON, to stdout or into the file; there, other scenarios are kept
  --no-pin         do not bind the servers to core 0 and the generator to core 1
  --block          let the generator sleep while it waits: kinder, and less precise
  -h, --help       this text

Peers:
${peers.map((one) => `  ${one.name.padEnd(width)}${one.title}`).join('\n')}

All servers are up and connected at the same time and are loaded in turn, in a new random order each round, so that a
noisy machine hits them alike. Compare ratios of one run, never figures of two. Sequence numbers of every stream are
checked: faults counts events that were lost, doubled or refused. A peer that cannot run here is named and left out.
C needs cc, Go needs go, Nchan needs Debian's nginx and libnginx-mod-nchan.`
}
