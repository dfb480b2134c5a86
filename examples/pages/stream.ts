// #region program
import { createServer } from 'node:http'
import { setInterval } from 'node:timers/promises'
import { createStreamListener } from '@heartline/session'

createServer(
  createStreamListener(async (session, signal) => {
    session.onCleanup(() => console.log(`${session.id} has gone`))
    for await (const _ of setInterval(1_000, undefined, { signal })) {
      session.send({ type: 'tick', data: new Date().toISOString() })
    }
  }),
).listen(3000)
// #endregion
