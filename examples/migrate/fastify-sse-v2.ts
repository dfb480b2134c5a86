import { setTimeout as sleep } from 'node:timers/promises'
import { heartline, stream } from '@heartline/fastify'
import { fastify, type FastifyInstance } from 'fastify'

export async function create(): Promise<FastifyInstance> {
  const app = fastify()
  // #region stream
  async function* countdown(signal: AbortSignal) {
    for (let n = 3; n > 0; n--) {
      yield { id: String(n), type: 'count', data: String(n) }
      await sleep(100, undefined, { signal })
    }
  }

  await app.register(heartline)
  app.get(
    '/countdown',
    stream(
      async (session, signal) => {
        await session.stream(countdown(signal))
      },
      { closeWhenDone: true, retryMs: 3_000 },
    ),
  )
  // #endregion
  return app
}
