import { describeAdapters } from './conformance.ts'
import { honoTargets } from './targets/hono.ts'

describeAdapters(honoTargets)
