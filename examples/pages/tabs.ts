// #region client
import { createSharedClient } from '@heartline/client/tabs'

const client = createSharedClient<{ price: { bid: number } }>({
  url: '/v1/events',
  topics: ['prices/eur', 'news/**'],
})
client.on('price', ({ bid }) => console.log(bid))
// #endregion

export function withIdentity(topics: string[], token: () => Promise<string>, user: string): void {
  // #region identity
  createSharedClient({ url: '/v1/events', topics, token, identity: user })
  // #endregion
}

export function withWorker(topics: string[]): void {
  // #region worker
  createSharedClient({
    url: '/v1/events',
    topics,
    worker: () =>
      new SharedWorker(new URL('@heartline/client/shared-worker', import.meta.url), {
        type: 'module',
      }),
  })
  // #endregion
}
