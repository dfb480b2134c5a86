import { setTimeout as sleep } from 'node:timers/promises'
import { USUAL_PEERS } from '../peers/index.ts'
import type { Member } from '../run/fleet.ts'
import type { TurnResult } from '../run/generator.ts'
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
import { faultsOf } from '../run/turn-figures.ts'

const STALLED_PERCENT = 20
const EVENT_BYTES = 8_000
const EVENTS_PER_SECOND = 100
const REST_MS = 1_000

const FIGURES = [
  { name: 'calmP99Ms', title: 'p99 ms, none stalled', digits: 2, isCompared: true },
  {
    name: 'stalledP99Ms',
    title: `p99 ms, ${STALLED_PERCENT} % stalled`,
    digits: 2,
    isCompared: true,
  },
  { name: 'ratio', title: 'stalled ÷ none', digits: 2 },
  { name: 'residentMib', title: 'resident MiB after', digits: 0 },
]

/** Whether readers that do not read harm those that do. */
export const stalled: Scenario = {
  name: 'stalled',
  about: `p99 of healthy readers while ${STALLED_PERCENT} % of all do not read, and while all do; ${EVENTS_PER_SECOND} events/s of ${EVENT_BYTES} bytes`,
  defaults: { rounds: 5, readers: 300, forMs: 4_000, warmUpMs: 7_000 },
  peers: USUAL_PEERS,
  run: (bench) => onStage(bench, (stage) => measure(bench, stage)),
}

async function measure(bench: Bench, stage: Stage): Promise<ScenarioResult> {
  await stage.generator.setEventBytes(EVENT_BYTES)
  await stage.fleet.startAll(bench.peers)
  const samples = new Samples()
  const members = await eachRound('stalled', bench, stage, async (member, target, round) => {
    const calm = await turn({ bench, stage, member, target }, 0)
    if (typeof calm === 'string') return calm
    const busy = await turn({ bench, stage, member, target }, STALLED_PERCENT)
    if (typeof busy === 'string') return busy
    samples.addFaults(member.name, faultsOf(calm) + faultsOf(busy))
    samples.add(round, member.name, {
      calmP99Ms: calm.p99Ms,
      stalledP99Ms: busy.p99Ms,
      ratio: busy.p99Ms / calm.p99Ms,
      residentMib: member.residentBytes / 2 ** 20,
    })
    return undefined
  })
  return resultOf(stalled, bench, stage, { members, figures: FIGURES, samples })
}

interface Place {
  readonly bench: Bench
  readonly stage: Stage
  readonly member: Member
  readonly target: number
}

/** Fills the buffers of the kernel first, then measures. */
async function turn(place: Place, stalledPercent: number): Promise<TurnResult | string> {
  const { bench, stage, member, target } = place
  const { failure } = await openAll(stage.generator, target, bench.settings.readers, stalledPercent)
  if (failure !== undefined) return failure
  const result = await stage.generator.turn(target, {
    loop: 'open',
    rate: EVENTS_PER_SECOND,
    // The kernel takes about 4 MiB for a reader that does not read: by default this is more.
    settleMs: bench.settings.warmUpMs,
    forMs: bench.settings.forMs,
    pids: member.pids,
    block: bench.block,
  })
  if (result.problem !== '') bench.progress(result.problem)
  await stage.generator.close(target)
  await sleep(REST_MS)
  return result
}
