// #region conformance
import { brokerConformance } from '@heartline/broker/conformance'
import { createMemoryBroker } from '@heartline/broker'

brokerConformance('the memory broker', async (options) => createMemoryBroker(options), {
  clock: true,
  retention: ['count', 'age', 'bytes'],
})
// #endregion
