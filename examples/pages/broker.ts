// #region program
import { createMemoryBroker } from '@heartline/broker'

const broker = createMemoryBroker({ maxEntries: 10_000 })
const tail = await broker.tail(0, {
  entries: (batch) => batch.forEach(({ position, data }) => console.log(position.offset, data)),
  state: (state) => console.log(state), // 'live'
  reset: ({ last }) => console.log('continue after', last),
})
const [result] = await broker.append([{ topics: ['news'], data: 'hello', publishId: 'once' }])
const page = await broker.read({ after: 0, topics: ['news'] })
console.log(result?.position.offset, page.entries.length)
tail.close()
await broker.close()
// #endregion
