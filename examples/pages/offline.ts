// #region program
import { createClient } from '@heartline/client'
import { indexedDbOutbox, indexedDbStore } from '@heartline/client/browser'
import { indexedDbCache } from '@heartline/client/cache'

type Events = { price: { symbol: string; bid: number } }

const cache = indexedDbCache<Events>('prices', {
  keyOf: (event) => (event.type === 'price' ? event.data.symbol : undefined),
})
const client = createClient<Events>({
  url: '/v1/events?topic=prices',
  cache,
  store: indexedDbStore('prices'),
  outbox: indexedDbOutbox('prices'),
})

await cache.load()
for (const { type, key, data, at } of cache.events()) console.log(type, key, data, new Date(at))
cache.watch('price', 'EURUSD', () => console.log(cache.latest('price', 'EURUSD')?.data.bid))
client.onError((error) => console.error(error.code))
// #endregion
