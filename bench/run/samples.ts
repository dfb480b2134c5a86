import { median } from './statistics.ts'

/** What was measured of one target in one round, by name of the figure. */
export type Figures = Readonly<Record<string, number>>

export interface Row {
  readonly target: string
  /** Medians over the rounds. */
  readonly figures: Figures
  /** Medians of hub ÷ target in the same round. Nothing for the hub itself. */
  readonly hubOverIt: Figures
  /** Events that were lost, doubled or refused, over all rounds. */
  readonly faults: number
}

/** Figures of all targets over all rounds. */
export class Samples {
  readonly #rounds: Map<string, Figures>[] = []
  readonly #faults = new Map<string, number>()

  add(round: number, target: string, figures: Figures): void {
    const row = (this.#rounds[round] ??= new Map<string, Figures>())
    row.set(target, { ...row.get(target), ...figures })
  }

  addFaults(target: string, count: number): void {
    this.#faults.set(target, (this.#faults.get(target) ?? 0) + count)
  }

  /**
   * One row per target, in the order given. A target that was never measured has none.
   *
   * @param ratios - names of the figures that are compared, round by round
   */
  rows(targets: readonly string[], ratios: readonly string[], hub = 'hub'): Row[] {
    return targets
      .filter((target) => this.#rounds.some((round) => round.has(target)))
      .map((target) => ({
        target,
        figures: this.#medians(target),
        hubOverIt: target === hub ? {} : this.#ratios(hub, target, ratios),
        faults: this.#faults.get(target) ?? 0,
      }))
  }

  #medians(target: string): Figures {
    const names = new Set(this.#rounds.flatMap((round) => Object.keys(round.get(target) ?? {})))
    const entries = [...names].map((name): [string, number] => [
      name,
      median(this.#rounds.map((round) => round.get(target)?.[name] ?? Number.NaN)),
    ])
    return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)))
  }

  #ratios(hub: string, target: string, names: readonly string[]): Figures {
    const entries = names.map((name): [string, number] => [
      name,
      median(this.#rounds.map((round) => ratio(round.get(hub)?.[name], round.get(target)?.[name]))),
    ])
    return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)))
  }
}

function ratio(over: number | undefined, under: number | undefined): number {
  return over === undefined || under === undefined || under === 0 ? Number.NaN : over / under
}
