import type { Machine } from './machine.ts'
import type { ScenarioResult } from './scenario.ts'
import { cellsOf } from './text-table.ts'

/** What `npm run bench -- … --json FILE` writes. */
export interface Report {
  readonly machine: Machine
  readonly results: readonly ScenarioResult[]
}

const MARKER = /(<!-- figures: ([a-z-]+) -->\n)[\s\S]*?(<!-- end -->)/g

/**
 * Fills the marked places of a page with what was measured: `machine`, `servers`, or the name of a
 * scenario between `<!-- figures: NAME -->` and `<!-- end -->`.
 */
export function fillPage(page: string, report: Report): string {
  return page.replaceAll(MARKER, (_, start: string, name: string, end: string) => {
    return `${start}\n${region(name, report)}\n\n${end}`
  })
}

function region(name: string, report: Report): string {
  if (name === 'machine') return machineLine(report.machine)
  if (name === 'servers') return servers(report.results)
  const result = report.results.find(({ scenario }) => scenario === name)
  return result === undefined ? 'Not measured yet.' : scenarioRegion(result)
}

function machineLine(machine: Machine): string {
  const { processor, cores, memoryGiB, system, node, loadAverage } = machine
  const line =
    `Measured on a ${cores}-core machine (${processor}, ${memoryGiB} GiB), ${system}, ` +
    `Node.js ${node}, over loopback.`
  if (loadAverage <= cores / 2) return line
  return (
    `${line} **The machine did other work at the same time** (load average ${loadAverage}): ` +
    'absolute figures are far too low, latencies far too long, and ratios rough.'
  )
}

function servers(results: readonly ScenarioResult[]): string {
  const targets = new Map(
    results.flatMap((result) => result.targets.map((target) => [target.name, target])),
  )
  const leftOut = new Map(
    results.flatMap((result) => result.leftOut.map((peer) => [peer.name, peer])),
  )
  const rows = [
    ...[...targets.values()].map(({ name, title, version }) => [name, title, version]),
    ...[...leftOut.values()].map(({ name, title, reason }) => [
      name,
      title,
      `left out: ${reason.split('\n')[0]}`,
    ]),
  ]
  return table(['name', 'what it is', 'version'], rows, ['---', '---', '---'])
}

function scenarioRegion(result: ScenarioResult): string {
  const { rounds, readers } = result.settings
  const parts: string[] = []
  if (result.rows.length > 0) {
    const { head, rows } = cellsOf(result)
    const count = `${readers.toLocaleString('en-US')} reader${readers === 1 ? '' : 's'}`
    parts.push(`Medians of ${rounds} rounds, ${count} of each server.`)
    parts.push(table(head, rows, ['---', ...head.slice(1).map(() => '---:')]))
  }
  if (result.output !== undefined) parts.push(`\`\`\`text\n${result.output.trim()}\n\`\`\``)
  return parts.join('\n\n')
}

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rule: readonly string[],
): string {
  return [head, rule, ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n')
}

/** `<` would begin HTML. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
}
