// #region program
import { subscribe } from '@heartline/graphql/client'

const results = subscribe<{ count: number }>({
  url: 'http://127.0.0.1:3000/graphql',
  query: 'subscription { count }',
})
for await (const { data } of results) console.log(data?.count)
// #endregion
