import { brokerConformance } from '../src/conformance.ts'
import { createMemoryBroker } from '../src/index.ts'

brokerConformance('the memory broker', async (options) => createMemoryBroker(options), {
  clock: true,
  retention: ['count', 'age', 'bytes'],
})
