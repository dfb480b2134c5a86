import type { TurnResult } from './generator.ts'
import type { Figures } from './samples.ts'
import type { FigureShape } from './scenario.ts'

/** The figures of a turn that delivers events. */
export const DELIVERY_FIGURES: readonly FigureShape[] = [
  { name: 'perSecond', title: 'deliveries/s', digits: 0, isCompared: true },
  { name: 'cpuPerMillion', title: 'CPU s per million', digits: 2, isCompared: true },
  { name: 'coreShare', title: 'cores used', digits: 2 },
  { name: 'p50Ms', title: 'p50 ms', digits: 2 },
  { name: 'p99Ms', title: 'p99 ms', digits: 2 },
]

export function deliveryFigures(result: TurnResult): Figures {
  return {
    perSecond: (result.deliveries / result.ms) * 1_000,
    cpuPerMillion: (result.cpuMs / result.deliveries) * 1_000,
    coreShare: result.cpuMs / result.ms,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
  }
}

/** Everything that went wrong in a turn, counted once per reader. */
export function faultsOf(result: TurnResult): number {
  return result.gaps + result.duplicates + result.missing + result.refused
}
