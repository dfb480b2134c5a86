import { createMemoryBroker } from '@heartline/broker'
import { heartline, stream, subscribe } from '@heartline/fastify'
import { createHub } from '@heartline/hub'
import { fastify, type FastifyInstance } from 'fastify'

export async function create(): Promise<FastifyInstance> {
  const app = fastify()
  // #region send
  await app.register(heartline)
  app.get(
    '/job',
    stream(
      async (session, signal) => {
        session.onCleanup(() => app.log.info('gone'))
        for (let percent = 0; percent <= 100 && !signal.aborted; percent += 50) {
          session.send({ type: 'progress', data: JSON.stringify({ percent }) })
          await session.ready()
        }
      },
      { heartbeatMs: 30_000 },
    ),
  )
  // #endregion
  // #region replay
  const hub = await createHub({ broker: createMemoryBroker() })

  app.get('/news', subscribe(hub, { authorize: () => ({ selectors: ['news'] }) }))
  app.post<{ Params: { text: string } }>('/news/:text', ({ params }) =>
    hub.publish([{ topic: 'news', data: params.text }]),
  )
  app.addHook('onClose', () => hub.close())
  // #endregion
  return app
}
