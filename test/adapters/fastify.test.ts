import { describeAdapters } from './conformance.ts'
import { fastifyTargets } from './targets/fastify.ts'

describeAdapters(fastifyTargets)
