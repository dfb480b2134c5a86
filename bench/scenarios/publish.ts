import { join } from 'node:path'
import { USUAL_PEERS } from '../peers/index.ts'
import { BENCH, outputOf } from '../run/build.ts'
import type { Member } from '../run/fleet.ts'
import { openAll } from '../run/rounds.ts'
import type { Endpoint, Publishing } from '../run/peer.ts'
import { Samples } from '../run/samples.ts'
import {
  onStage,
  resultOf,
  type Bench,
  type Scenario,
  type ScenarioResult,
  type Stage,
} from '../run/scenario.ts'
import { shuffled } from '../run/statistics.ts'
import { faultsOf } from '../run/turn-figures.ts'

const CONNECTIONS = 16
const BATCH = 100
const DRAIN_MS = 10_000
/** More than can be on their way: each connection always has a request out. */
const UNBOUNDED = 1_000_000

const FIGURES = [
  { name: 'perSecond', title: 'publishes/s', digits: 0, isCompared: true },
  { name: 'cpuMicroseconds', title: 'CPU µs per publish', digits: 2, isCompared: true },
]

/** How many events a server takes in. */
export const publish: Scenario = {
  name: 'publish',
  about: `events published per second with one reader, over ${CONNECTIONS} keep-alive connections`,
  defaults: { rounds: 5, readers: 1, forMs: 1_000, warmUpMs: 1_000 },
  peers: ['hub-disk', ...USUAL_PEERS],
  run: (bench) => onStage(bench, (stage) => measure(bench, stage)),
}

/** One row of the table: a server, and how events come to it. */
interface Case {
  readonly label: string
  readonly member: Member
  readonly target: number
  readonly publishers: number
  readonly batch: number
}

async function measure(bench: Bench, stage: Stage): Promise<ScenarioResult> {
  await stage.fleet.startAll(bench.peers)
  const samples = new Samples()
  const cases: Case[] = []
  for (const member of stage.fleet.members) cases.push(...(await casesOf(member, stage)))
  for (let round = -1; round < bench.settings.rounds; round++) {
    bench.progress(`publish: round ${round + 1} of ${bench.settings.rounds}`)
    for (const one of shuffled(cases)) await visit({ bench, stage, samples, round }, one)
    if (round >= 0) inProcess(bench, samples, round)
  }
  const rows = [...cases.map(({ label }) => label), ...IN_PROCESS.map(({ label }) => label)]
  return resultOf(publish, bench, stage, {
    members: [...stage.fleet.members],
    figures: FIGURES,
    samples,
    rows,
  })
}

async function casesOf(member: Member, stage: Stage): Promise<Case[]> {
  const { name, endpoint } = member
  const add = async (
    label: string,
    publishers: number,
    batch: number,
    publishing: Publishing,
  ): Promise<Case> => {
    const changed: Endpoint = { ...endpoint, publish: publishing }
    const target = await stage.generator.addTarget(label, member.port, changed)
    return { label, member, target, publishers, batch }
  }
  const single = endpoint.publish
  const cases = [await add(name, CONNECTIONS, 1, single)]
  if (name !== 'hub' && name !== 'hub-disk') return cases
  const array = {
    ...single,
    before: `[${single.before}`,
    between: `"},${single.before}`,
    after: '"}]',
  }
  const lines = {
    ...single,
    contentType: 'application/x-ndjson',
    between: `"}\n${single.before}`,
    after: '"}\n',
  }
  cases.push(await add(`${name}, one connection`, 1, 1, single))
  cases.push(await add(`${name}, arrays of ${BATCH}`, CONNECTIONS, BATCH, array))
  cases.push(await add(`${name}, ${BATCH} lines of NDJSON`, CONNECTIONS, BATCH, lines))
  return cases
}

interface Round {
  readonly bench: Bench
  readonly stage: Stage
  readonly samples: Samples
  readonly round: number
}

async function visit({ bench, stage, samples, round }: Round, one: Case): Promise<void> {
  const { failure } = await openAll(stage.generator, one.target, bench.settings.readers)
  if (failure !== undefined) {
    bench.progress(`${one.label}: ${failure}`)
    return
  }
  const result = await stage.generator.turn(one.target, {
    loop: 'closed',
    window: UNBOUNDED,
    publishers: one.publishers,
    batch: one.batch,
    settleMs: round < 0 ? bench.settings.warmUpMs : undefined,
    forMs: bench.settings.forMs,
    drainMs: DRAIN_MS,
    pids: one.member.pids,
    block: bench.block,
  })
  if (result.problem !== '') bench.progress(result.problem)
  await stage.generator.close(one.target)
  samples.addFaults(one.label, faultsOf(result))
  if (round < 0) return
  samples.add(round, one.label, {
    perSecond: (result.answered / result.ms) * 1_000,
    cpuMicroseconds: (result.cpuMs / result.answered) * 1_000,
  })
}

const IN_PROCESS = [
  { label: 'hub.publish() in one process', batch: 1 },
  { label: `hub.publish() of ${BATCH} events`, batch: BATCH },
] as const

/** The hub as a library, with its reader in the same process. */
function inProcess(bench: Bench, samples: Samples, round: number): void {
  for (const { label, batch } of IN_PROCESS) {
    const output = outputOf(process.execPath, [
      '--import',
      'tsx',
      '--conditions=@heartline/source',
      join(BENCH, 'programs/in-process.ts'),
      String(bench.settings.forMs),
      String(batch),
    ])
    if (output === undefined) continue
    const { missing, ...figures } = JSON.parse(output) as Record<string, number>
    samples.addFaults(label, missing ?? 0)
    samples.add(round, label, figures as Record<string, number>)
  }
}
