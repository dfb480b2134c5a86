import { describeAdapters } from './conformance.ts'
import { nodeTargets } from './targets/node.ts'

describeAdapters(nodeTargets)
