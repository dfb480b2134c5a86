import { setInterval } from 'node:timers/promises'
import { stream } from '@heartline/hono'
import { Hono } from 'hono'

export function create(): { app: Hono; onGone: () => void } {
  const app = new Hono()
  const hooks = { onGone: () => {} }
  // #region stream
  app.get(
    '/clock',
    stream(
      async (session, signal) => {
        session.onCleanup(() => hooks.onGone())
        let tick = 0
        for await (const _ of setInterval(1_000, undefined, { signal })) {
          session.send({ id: String(++tick), type: 'tick', data: new Date().toISOString() })
        }
      },
      { heartbeatMs: 15_000 },
    ),
  )
  // #endregion
  return Object.assign(hooks, { app })
}
