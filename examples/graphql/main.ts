/**
 * `npm run graphql -w @heartline/examples`: serves prices with GraphQL. `-- --port 4000` says where;
 * `-- --check` reads them across a cut instead and exits with 1 when something is wrong.
 */
import { parseArgs } from 'node:util'
import { PriceApi } from './api.ts'
import { checkApi } from './check.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8432' },
    check: { type: 'boolean', default: false },
  },
})

if (values.check) {
  const problems = await checkApi()
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
  else console.log('The API does what it says.')
} else {
  const api = await PriceApi.start(undefined, Number(values.port))
  console.log(`Ask ${api.url}, for example:

  curl -N ${api.url} -H 'accept: text/event-stream' -H 'content-type: application/json' \\
    -d '{"query":"subscription { price(symbol: \\"ACME\\") }"}'

Ctrl+C ends it.`)
  process.once('SIGINT', () => void api.stop())
}
