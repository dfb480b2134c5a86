import { Fleet, type FleetOptions, type LeftOut, type Member } from './fleet.ts'
import { Generator } from './generator.ts'
import type { Peer } from './peer.ts'
import type { Row, Samples } from './samples.ts'

/** How a figure is called and shown. */
export interface FigureShape {
  readonly name: string
  readonly title: string
  /** Digits behind the point. */
  readonly digits: number
  /** Whether hub ÷ peer is told for it. */
  readonly isCompared?: boolean | undefined
}

export interface Settings {
  readonly rounds: number
  readonly readers: number
  /** Length of one measured turn in milliseconds. */
  readonly forMs: number
  /** Time under load before anything is measured, in milliseconds. */
  readonly warmUpMs: number
}

/** Everything a scenario needs to run. */
export interface Bench {
  readonly settings: Settings
  readonly peers: readonly Peer[]
  readonly hubFlags: readonly string[]
  /** Server on one core, generator on another. Without it, both where the system likes. */
  readonly isPinned: boolean
  /** The generator sleeps while it waits. See `Turn.block`. */
  readonly block: boolean
  readonly progress: (text: string) => void
}

export interface Target {
  readonly name: string
  readonly title: string
  readonly version: string
}

export interface ScenarioResult {
  readonly scenario: string
  /** What was done, in one line. */
  readonly about: string
  readonly settings: Settings
  readonly targets: readonly Target[]
  readonly leftOut: readonly LeftOut[]
  readonly figures: readonly FigureShape[]
  readonly rows: readonly Row[]
  /** What a program of its own printed. */
  readonly output?: string | undefined
}

export interface Scenario {
  readonly name: string
  readonly about: string
  readonly defaults: Settings
  /** Names of peers, in the order of the table. None: it does not compare servers. */
  readonly peers: readonly string[]
  readonly run: (bench: Bench) => Promise<ScenarioResult>
}

/** A run's servers and generator. */
export interface Stage {
  readonly fleet: Fleet
  readonly generator: Generator
}

/** Runs `body` with a generator and an empty fleet, and ends both whatever happens. */
export async function onStage<T>(bench: Bench, body: (stage: Stage) => Promise<T>): Promise<T> {
  const generator = new Generator(bench.isPinned ? 1 : undefined)
  const fleet = new Fleet(fleetOptions(bench))
  try {
    return await body({ fleet, generator })
  } finally {
    await Promise.all([generator.end(), fleet.end()])
  }
}

export interface Measured {
  /** The servers that stayed until the end. */
  readonly members: readonly Member[]
  readonly figures: readonly FigureShape[]
  readonly samples: Samples
  /** Names of the rows, in order. Default: the members. */
  readonly rows?: readonly string[] | undefined
}

/** The result of a scenario from what it measured. */
export function resultOf(
  scenario: Scenario,
  { settings }: Bench,
  { fleet }: Stage,
  { members, figures, samples, rows = members.map(({ name }) => name) }: Measured,
): ScenarioResult {
  const compared = figures.filter(({ isCompared }) => isCompared === true)
  return {
    scenario: scenario.name,
    about: scenario.about,
    settings,
    targets: members.map(({ name, peer, endpoint }) => ({
      name,
      title: peer.title,
      version: endpoint.version,
    })),
    leftOut: fleet.leftOut,
    figures,
    rows: samples.rows(
      rows,
      compared.map(({ name }) => name),
    ),
  }
}

function fleetOptions({ isPinned, hubFlags, progress }: Bench): FleetOptions {
  return { core: isPinned ? 0 : undefined, hubFlags, progress }
}
