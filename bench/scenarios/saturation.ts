import { USUAL_PEERS } from '../peers/index.ts'
import { openAll } from '../run/rounds.ts'
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
import { deliveryFigures, DELIVERY_FIGURES, faultsOf } from '../run/turn-figures.ts'
import type { Member } from '../run/fleet.ts'

const DEFAULTS = { rounds: 8, readers: 700, forMs: 600, warmUpMs: 1_500 }

/** One event on its way: nothing can be written together. */
export const one: Scenario = {
  name: 'one',
  about: 'as fast as it goes with one event on its way: nothing can be written together',
  defaults: DEFAULTS,
  peers: USUAL_PEERS,
  run: (bench) => saturate(one, bench, 1),
}

/** Sixteen events on their way, each by its own publisher. */
export const sixteen: Scenario = {
  name: 'sixteen',
  about: 'as fast as it goes with 16 events on their way: what waits may be written together',
  defaults: DEFAULTS,
  peers: ['c-batch', ...USUAL_PEERS],
  run: (bench) => saturate(sixteen, bench, 16),
}

async function saturate(scenario: Scenario, bench: Bench, window: number): Promise<ScenarioResult> {
  return onStage(bench, async (stage) => {
    const targets = await connectAll(bench, stage)
    const samples = new Samples()
    // Round -1 warms up and is not counted.
    for (let round = -1; round < bench.settings.rounds; round++) {
      bench.progress(`${scenario.name}: round ${round + 1} of ${bench.settings.rounds}`)
      for (const [member, target] of shuffled([...targets])) {
        const result = await stage.generator.turn(target, {
          loop: 'closed',
          window,
          publishers: window,
          settleMs: round < 0 ? bench.settings.warmUpMs : undefined,
          forMs: bench.settings.forMs,
          pids: member.pids,
          block: bench.block,
        })
        samples.addFaults(member.name, faultsOf(result))
        if (result.problem !== '') bench.progress(result.problem)
        if (round >= 0) samples.add(round, member.name, deliveryFigures(result))
      }
    }
    return resultOf(scenario, bench, stage, {
      members: [...targets.keys()],
      figures: DELIVERY_FIGURES,
      samples,
    })
  })
}

/** All servers stay connected, so that a noisy moment of the machine hits any of them alike. */
async function connectAll(bench: Bench, stage: Stage): Promise<Map<Member, number>> {
  const targets = new Map<Member, number>()
  for (const member of await stage.fleet.startAll(bench.peers)) {
    const { name, port, endpoint } = member
    const target = await stage.generator.addTarget(name, port, endpoint)
    const { failure } = await openAll(stage.generator, target, bench.settings.readers)
    if (failure === undefined) targets.set(member, target)
    else await stage.fleet.dismiss(member, failure)
  }
  return targets
}
