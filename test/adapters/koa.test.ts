import { describeAdapters } from './conformance.ts'
import { koaTargets } from './targets/koa.ts'

describeAdapters(koaTargets)
