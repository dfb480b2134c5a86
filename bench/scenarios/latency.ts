import { setTimeout as sleep } from 'node:timers/promises'
import { USUAL_PEERS } from '../peers/index.ts'
import { eachRound, openAll } from '../run/rounds.ts'
import { Samples } from '../run/samples.ts'
import {
  onStage,
  resultOf,
  type Bench,
  type Scenario,
  type ScenarioResult,
  type Stage,
} from '../run/scenario.ts'
import { deliveryFigures, faultsOf } from '../run/turn-figures.ts'

const EVENTS_PER_SECOND = 5
/** For a server to notice that the readers of its turn are gone. */
const REST_MS = 1_000

const FIGURES = [
  { name: 'p50Ms', title: 'p50 ms', digits: 1, isCompared: true },
  { name: 'p99Ms', title: 'p99 ms', digits: 1, isCompared: true },
  { name: 'cpuPerMillion', title: 'CPU s per million', digits: 2, isCompared: true },
  { name: 'coreShare', title: 'cores used', digits: 2 },
]

/** Very many readers of few events: how long a fan-out takes. */
export const latency: Scenario = {
  name: 'latency',
  about: `${EVENTS_PER_SECOND} events/s to many readers; latency counts from when an event was due`,
  defaults: { rounds: 5, readers: 10_000, forMs: 5_000, warmUpMs: 2_000 },
  peers: USUAL_PEERS,
  run: (bench) => onStage(bench, (stage) => measure(bench, stage)),
}

/** All servers are up, but only one at a time has readers: together they would be too many. */
async function measure(bench: Bench, stage: Stage): Promise<ScenarioResult> {
  await stage.fleet.startAll(bench.peers)
  const samples = new Samples()
  const members = await eachRound('latency', bench, stage, async (member, target, round) => {
    const { failure } = await openAll(stage.generator, target, bench.settings.readers)
    if (failure !== undefined) return failure
    const result = await stage.generator.turn(target, {
      loop: 'open',
      rate: EVENTS_PER_SECOND,
      settleMs: bench.settings.warmUpMs,
      forMs: bench.settings.forMs,
      pids: member.pids,
      block: bench.block,
    })
    if (result.problem !== '') bench.progress(result.problem)
    samples.addFaults(member.name, faultsOf(result))
    samples.add(round, member.name, deliveryFigures(result))
    await stage.generator.close(target)
    await sleep(REST_MS)
    return undefined
  })
  return resultOf(latency, bench, stage, { members, figures: FIGURES, samples })
}
