import { describe } from 'vitest'
import { appendSuite } from './conformance/append.ts'
import { durableSuite } from './conformance/durable.ts'
import { errorSuite } from './conformance/errors.ts'
import { hostileSuite } from './conformance/hostile.ts'
import { idempotencySuite } from './conformance/idempotency.ts'
import { createBench } from './conformance/kit.ts'
import { locateSuite } from './conformance/locate.ts'
import { readSuite } from './conformance/read.ts'
import { retentionSuite } from './conformance/retention.ts'
import { tailSuite } from './conformance/tail.ts'
import type { BrokerAbilities, CreateBroker } from './conformance/target.ts'

export type { BrokerAbilities, ConformanceOptions, CreateBroker } from './conformance/target.ts'

/**
 * Registers a vitest suite that checks an implementation against every sentence of the port.
 *
 * Call it at the top of a test file. `name` names the suite, `create` makes a new, empty log.
 */
export function brokerConformance(
  name: string,
  create: CreateBroker,
  abilities: BrokerAbilities,
): void {
  describe(`${name} conforms to the broker port`, () => {
    const bench = createBench(create, abilities)
    appendSuite(bench)
    readSuite(bench)
    retentionSuite(bench)
    locateSuite(bench)
    tailSuite(bench)
    idempotencySuite(bench)
    errorSuite(bench)
    hostileSuite(bench)
    if (abilities.reopen !== undefined) durableSuite(bench)
  })
}
