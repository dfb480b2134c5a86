// #region program
import { openDiskBroker } from '@heartline/broker-disk'

const broker = await openDiskBroker({ directory: './data', onReport: console.log })
await broker.append([{ topics: ['news'], data: 'hello', publishId: 'once' }])
await broker.close()
// #endregion
