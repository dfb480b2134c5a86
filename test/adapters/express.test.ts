import { describeAdapters } from './conformance.ts'
import { expressTargets } from './targets/express.ts'

describeAdapters(expressTargets)
