import { setTimeout as sleep } from 'node:timers/promises'
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
import type { Member } from '../run/fleet.ts'
import type { Peer } from '../run/peer.ts'

const FIGURES = [
  { name: 'kibPerReader', title: 'KiB per reader', digits: 2, isCompared: true },
  { name: 'startMib', title: 'MiB at start', digits: 1 },
  { name: 'fullMib', title: 'MiB with readers', digits: 1 },
]

/** What an open stream costs while nothing happens. */
export const idle: Scenario = {
  name: 'idle',
  about: 'resident memory of idle readers, each time in a fresh process',
  defaults: { rounds: 5, readers: 10_000, forMs: 3_000, warmUpMs: 1_500 },
  peers: USUAL_PEERS,
  run: (bench) => onStage(bench, (stage) => measure(bench, stage)),
}

async function measure(bench: Bench, stage: Stage): Promise<ScenarioResult> {
  const samples = new Samples()
  const seen = new Map<Peer, Member>()
  for (let round = 0; round < bench.settings.rounds; round++) {
    bench.progress(`idle: round ${round + 1} of ${bench.settings.rounds}`)
    for (const peer of shuffled(bench.peers)) {
      // Memory that was once taken is rarely given back: only a fresh process tells.
      if (stage.fleet.leftOut.some(({ name }) => name === peer.name)) continue
      const member = await stage.fleet.start(peer)
      if (member === undefined) continue
      await fill({ bench, stage, member, round, samples })
      seen.set(peer, member)
      if (stage.fleet.members.includes(member)) await stage.fleet.stop(member)
    }
  }
  const members = bench.peers.flatMap((peer) => seen.get(peer) ?? [])
  return resultOf(idle, bench, stage, { members, figures: FIGURES, samples })
}

interface Filling {
  readonly bench: Bench
  readonly stage: Stage
  readonly member: Member
  readonly round: number
  readonly samples: Samples
}

async function fill({ bench, stage, member, round, samples }: Filling): Promise<void> {
  const { readers, forMs, warmUpMs } = bench.settings
  await sleep(warmUpMs)
  const before = member.residentBytes
  const target = await stage.generator.addTarget(member.name, member.port, member.endpoint)
  const { failure } = await openAll(stage.generator, target, readers)
  if (failure !== undefined) {
    await stage.fleet.dismiss(member, failure)
    return
  }
  await sleep(forMs)
  const after = member.residentBytes
  await stage.generator.close(target)
  samples.add(round, member.name, {
    kibPerReader: (after - before) / readers / 1_024,
    startMib: before / 2 ** 20,
    fullMib: after / 2 ** 20,
  })
}
