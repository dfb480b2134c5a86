import { indexedDbStore } from '@heartline/client/browser'
import { indexedDbCache } from '@heartline/client/cache'
import { hydrateRoot } from 'react-dom/client'
import { App, symbolOf } from './app.tsx'

const cache = indexedDbCache<{ price: { symbol: string; bid: number } }>('prices', {
  keyOf: ({ data }) => symbolOf(data),
})
const options = { url: '/v1/events?topic=prices', cache, store: indexedDbStore('prices') }

hydrateRoot(document.getElementById('root') as HTMLElement, <App options={options} />)
