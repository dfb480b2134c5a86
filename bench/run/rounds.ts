import type { Connected, Generator } from './generator.ts'
import type { Member } from './fleet.ts'
import type { Bench, Stage } from './scenario.ts'
import { shuffled } from './statistics.ts'

/** What one target does in one round. Answers why it cannot go on, or undefined. */
export type Visit = (member: Member, target: number, round: number) => Promise<string | undefined>

/**
 * Visits every running member once a round, in a new random order each time. One that cannot go on
 * is dismissed. Answers the members that stayed, in the order they were started.
 */
export async function eachRound(
  title: string,
  bench: Bench,
  stage: Stage,
  visit: Visit,
): Promise<Member[]> {
  const targets = new Map<Member, number>()
  for (const member of stage.fleet.members) {
    const { name, port, endpoint } = member
    targets.set(member, await stage.generator.addTarget(name, port, endpoint))
  }
  for (let round = 0; round < bench.settings.rounds; round++) {
    bench.progress(`${title}: round ${round + 1} of ${bench.settings.rounds}`)
    for (const [member, target] of shuffled([...targets])) {
      const reason = await visit(member, target, round)
      if (reason === undefined) continue
      targets.delete(member)
      await stage.fleet.dismiss(member, reason)
    }
  }
  return [...targets.keys()]
}

/** Opens all streams. When some are refused: closes the others and answers why, to be returned. */
export async function openAll(
  generator: Generator,
  target: number,
  readers: number,
  stalledPercent = 0,
): Promise<{ readonly connected: Connected; readonly failure: string | undefined }> {
  const connected = await generator.connect(target, readers, stalledPercent)
  if (connected.opened === readers) return { connected, failure: undefined }
  await generator.close(target)
  const failure = `it opened ${connected.opened} of ${readers} streams. ${connected.problem}`
  return { connected, failure: failure.trim() }
}
