// #region program
import { createMemoryBroker } from '@heartline/broker'
import { createFetchHandler, createHub } from '@heartline/hub'

const hub = await createHub({ broker: createMemoryBroker() })
const handle = createFetchHandler(hub)

export default { fetch: (request: Request) => handle(request) }
// #endregion
