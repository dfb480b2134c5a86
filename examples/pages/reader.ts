// #region program
import { createReader } from '@heartline/client/core'

const reader = createReader({
  url: 'http://127.0.0.1:3000/v1/events?topic=prices',
  headers: async () => ({ authorization: 'Bearer a-token' }),
  onEvent: ({ type, data, id }) => console.log(id, type, JSON.parse(data)),
  onState: ({ name, lastError }) => console.log(name, lastError?.message ?? ''),
})
setTimeout(() => reader.close(), 60_000)
// #endregion
