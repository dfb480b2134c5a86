import type { Scenario } from '../run/scenario.ts'
import { connects } from './connects.ts'
import { idle } from './idle.ts'
import { latency } from './latency.ts'
import { programs } from './program.ts'
import { publish } from './publish.ts'
import { one, sixteen } from './saturation.ts'
import { stalled } from './stalled.ts'

/** In the order of `all`. */
export const SCENARIOS: readonly Scenario[] = [
  one,
  sixteen,
  latency,
  stalled,
  idle,
  connects,
  publish,
  ...programs,
]
