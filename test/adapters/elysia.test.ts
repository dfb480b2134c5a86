import { describeAdapters } from './conformance.ts'
import { elysiaTargets } from './targets/elysia.ts'

describeAdapters(elysiaTargets)
