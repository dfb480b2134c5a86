import { describeAdapters } from './conformance.ts'
import { nestTargets } from './targets/nest.ts'

describeAdapters(nestTargets)
