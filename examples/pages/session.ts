// #region program
import { createServer } from 'node:http'
import { createNodeSession } from '@heartline/session'

createServer(async (request, response) => {
  // Authorize first: the head leaves with the next line.
  const session = createNodeSession(request, response)
  session.send({ id: '1', type: 'greeting', data: 'hello' })

  async function* prices(signal: AbortSignal) {
    for (let id = 2; !signal.aborted; id++) {
      yield { id: String(id), type: 'price', data: JSON.stringify({ bid: Math.random() }) }
      await new Promise((resolve) => setTimeout(resolve, 1_000))
    }
  }
  // Pulled only as fast as the reader reads.
  const { written, outcome } = await session.stream(prices(session.signal))
  console.log(`${session.id}: ${written} events, ${outcome}, ${session.end?.reason}`)
}).listen(3000)
// #endregion
