import { describeAdapters } from './conformance.ts'
import { h3Targets } from './targets/h3.ts'

describeAdapters(h3Targets)
