// #region program
import { createClient } from '@heartline/client'
import { memoryOutbox } from '@heartline/client/outbox'

const client = createClient<{ price: { bid: number } }>({
  url: 'http://127.0.0.1:3000/v1/events?topic=prices',
  // Asked again, with `refresh`, when the server does not take the token any more.
  token: async ({ refresh }) => (refresh ? 'a-fresh-token' : 'a-token'),
  outbox: memoryOutbox(), // for `publish`
})

client.on('price', ({ bid }, { id }) => console.log(id, bid))
client.on('heartline.gap', ({ reason }) => console.warn('events are missing:', reason))
client.onState(({ name, lastError }) => console.log(name, lastError?.message ?? ''))

await client.publish({ topic: 'prices', type: 'price', data: { bid: 4 } })
// #endregion
// #region loop
for await (const event of client) console.log(event.type, event.data)
// #endregion
