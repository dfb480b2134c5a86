import { describeAdapters } from './conformance.ts'
import { h3V1Targets } from './targets/h3-v1.ts'

describeAdapters(h3V1Targets)
