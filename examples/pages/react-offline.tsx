// #region program
import { indexedDbStore } from '@heartline/client/browser'
import { indexedDbCache } from '@heartline/client/cache'
import { HeartlineProvider, typedHooks } from '@heartline/react'

type Events = { price: { symbol: string; bid: number } }

const { useLatest } = typedHooks<Events>()
const cache = indexedDbCache<Events>('prices', {
  keyOf: (event) => (event.type === 'price' ? event.data.symbol : undefined),
})
const store = indexedDbStore('prices')

function Euro() {
  const price = useLatest('price', { key: 'EURUSD' })
  return <p>{price?.bid}</p>
}

export const Prices = () => (
  <HeartlineProvider options={{ url: '/v1/events?topic=prices', cache, store }}>
    <Euro />
  </HeartlineProvider>
)
// #endregion
