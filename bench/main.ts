/** The program behind `npm run bench`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { PEERS } from './peers/index.ts'
import { BadArguments, parseArguments, type Arguments } from './run/arguments.ts'
import { endOnSignals } from './run/child.ts'
import { help } from './run/help.ts'
import { describeMachine } from './run/machine.ts'
import type { Report } from './run/markdown.ts'
import type { Peer } from './run/peer.ts'
import type { Bench, Scenario, ScenarioResult } from './run/scenario.ts'
import { textTable } from './run/text-table.ts'
import { SCENARIOS } from './scenarios/index.ts'

const progress = (text: string): void => console.error(`  ${text}`)

endOnSignals()
try {
  process.exitCode = await main(parseArguments(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof BadArguments)) throw error
  console.error(`${error.message} \`npm run bench -- --help\` lists what there is.`)
  process.exitCode = 2
}
// Whatever a scenario left behind must not keep the program from ending.
process.exit()

async function main(given: Arguments): Promise<number> {
  if (given.help || given.scenarios.length === 0) {
    console.log(help(SCENARIOS, PEERS))
    return given.help ? 0 : 2
  }
  const chosen = chooseScenarios(given.scenarios)
  const results = earlierResults(given)
  const report: Report = { machine: describeMachine(), results }
  const { processor, cores, system, node, loadAverage } = report.machine
  console.error(`${processor}, ${cores} cores, ${system}, Node.js ${node}, load ${loadAverage}`)
  for (const scenario of chosen) {
    console.error(`${scenario.name}: ${scenario.about}`)
    const result = await scenario.run(benchFor(scenario, given))
    keep(results, result)
    save(report, given)
    if (given.json !== '') print(result)
  }
  if (given.json === '') console.log(JSON.stringify(report, undefined, 2))
  return 0
}

function chooseScenarios(names: readonly string[]): Scenario[] {
  if (names.includes('all')) return [...SCENARIOS]
  return names.map((name) => {
    const scenario = SCENARIOS.find((one) => one.name === name)
    if (scenario === undefined) throw new BadArguments(`There is no scenario '${name}'.`)
    return scenario
  })
}

function benchFor(scenario: Scenario, given: Arguments): Bench {
  const { defaults } = scenario
  return {
    settings: {
      rounds: given.rounds ?? defaults.rounds,
      readers: given.readers ?? defaults.readers,
      forMs: given.forMs ?? defaults.forMs,
      warmUpMs: defaults.warmUpMs,
    },
    peers: choosePeers(scenario, given.peers),
    hubFlags: given.hubFlags,
    isPinned: given.isPinned,
    block: given.block,
    progress,
  }
}

/** The hub comes first and is always there: everything is compared with it. */
function choosePeers(scenario: Scenario, names: readonly string[] | undefined): Peer[] {
  const wanted = ['hub', ...(names ?? scenario.peers)]
  return [...new Set(wanted)].map((name) => {
    const peer = PEERS.find((one) => one.name === name)
    if (peer === undefined) throw new BadArguments(`There is no peer '${name}'.`)
    return peer
  })
}

/** Results of other scenarios in the same file are kept, so that one can be repeated alone. */
function earlierResults({ json }: Arguments): ScenarioResult[] {
  if (json === undefined || json === '') return []
  try {
    return [...(JSON.parse(readFileSync(json, 'utf8')) as Report).results]
  } catch {
    return []
  }
}

function keep(results: ScenarioResult[], result: ScenarioResult): void {
  const index = results.findIndex(({ scenario }) => scenario === result.scenario)
  if (index === -1) results.push(result)
  else results[index] = result
}

function save(report: Report, { json }: Arguments): void {
  if (json === undefined || json === '') return
  writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`)
}

function print(result: ScenarioResult): void {
  if (result.rows.length > 0) console.log(textTable(result))
  if (result.output !== undefined) console.log(result.output.trimEnd())
  for (const { name, version } of result.targets) console.log(`  ${name}: ${version}`)
  for (const { name, reason } of result.leftOut) console.log(`  left out, ${name}: ${reason}`)
  console.log()
}
