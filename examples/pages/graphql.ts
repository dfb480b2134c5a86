// #region program
import { createServer } from 'node:http'
import { createNodeHandler } from '@heartline/graphql/node'
import { buildSchema } from 'graphql'

const schema = buildSchema('type Query { hello: String } type Subscription { count: Int }')
const rootValue = {
  hello: 'Hello',
  async *count() {
    for (let count = 1; count <= 3; count++) yield { count }
  },
}

const handler = createNodeHandler({ schema, rootValue })
createServer((request, response) => void handler(request, response)).listen(3000)
// #endregion
