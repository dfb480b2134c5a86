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

const FIGURES = [{ name: 'perSecond', title: 'connects/s', digits: 0, isCompared: true }]

/** How fast readers come (back), as after a deploy. */
export const connects: Scenario = {
  name: 'connects',
  about: 'streams opened per second, 256 at a time, from SYN to the head of the response',
  defaults: { rounds: 7, readers: 5_000, forMs: 1_000, warmUpMs: 0 },
  peers: USUAL_PEERS,
  run: (bench) => onStage(bench, (stage) => measure(bench, stage)),
}

async function measure(bench: Bench, stage: Stage): Promise<ScenarioResult> {
  const { readers, forMs } = bench.settings
  await stage.fleet.startAll(bench.peers)
  const samples = new Samples()
  const members = await eachRound('connects', bench, stage, async (member, target, round) => {
    if (round === 0) await warmUp(stage, target, bench)
    const { connected, failure } = await openAll(stage.generator, target, readers)
    if (failure !== undefined) return failure
    samples.add(round, member.name, { perSecond: (connected.opened / connected.ms) * 1_000 })
    await stage.generator.close(target)
    // The server clears up before the next one is measured.
    await sleep(forMs)
    return undefined
  })
  return resultOf(connects, bench, stage, { members, figures: FIGURES, samples })
}

/** Code that runs for the first time is slow, in Node.js above all. */
async function warmUp({ generator }: Stage, target: number, bench: Bench): Promise<void> {
  await generator.connect(target, bench.settings.readers)
  await generator.close(target)
  await sleep(bench.settings.forMs)
}
