import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Child } from '../run/child.ts'
import { ROOT } from '../run/build.ts'
import type { Bench, Scenario, ScenarioResult } from '../run/scenario.ts'

/** A measurement that lives with the code it measures and prints its own figures. */
interface Program {
  readonly name: string
  readonly about: string
  /** From the root of the repository. Its first argument is how many of what it is about. */
  readonly file: string
  readonly nodeFlags?: readonly string[] | undefined
}

const PROGRAMS: readonly Program[] = [
  {
    name: 'topics',
    about: 'one publish beside 100,000 topics, against 10',
    file: 'packages/hub/bench/topics.ts',
    nodeFlags: ['--expose-gc'],
  },
  {
    name: 'heartbeats',
    about: 'CPU of heartbeats to 50,000 idle readers, against a timer for each',
    file: 'bench/programs/heartbeats.ts',
  },
  {
    name: 'storm',
    about: '10,000 readers come back at once, each owed 100 events',
    file: 'test/faults/storm.ts',
  },
]

/** Those whose program is in this tree. */
export const programs: readonly Scenario[] = PROGRAMS.filter(({ file }) =>
  existsSync(join(ROOT, file)),
).map((program) => ({
  name: program.name,
  about: program.about,
  defaults: { rounds: 1, readers: 0, forMs: 0, warmUpMs: 0 },
  peers: [],
  run: (bench: Bench): Promise<ScenarioResult> => run(program, bench),
}))

async function run(program: Program, { settings }: Bench): Promise<ScenarioResult> {
  const flags = ['--import', 'tsx', '--conditions=@heartline/source', ...(program.nodeFlags ?? [])]
  const count = settings.readers > 0 ? [String(settings.readers)] : []
  const child = new Child([process.execPath, ...flags, join(ROOT, program.file), ...count], {
    cwd: ROOT,
  })
  await child.ended
  const code = child.process.exitCode
  return {
    scenario: program.name,
    about: program.about,
    settings,
    targets: [],
    leftOut: [],
    figures: [],
    rows: [],
    output: code === 0 ? child.log : `${child.log}\nIt ended with ${code}: a limit was missed.`,
  }
}
