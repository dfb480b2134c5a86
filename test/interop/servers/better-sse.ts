import { createServer } from 'node:http'
import { createSession, type Session } from 'better-sse'
import type { StoryEvent } from '../event.ts'
import { asStoryEvent, listen } from './in-process.ts'
import { HEARTBEAT_MS, RETRY_MS, type InteropServer, type RunningServer } from './server.ts'

/** npm `better-sse`. It hands over the last id; keeping a history is left to its user. */
export const betterSse: InteropServer = {
  name: 'better-sse',
  remembers: true,
  forbidsBuffering: true,
  heartbeatMs: HEARTBEAT_MS,
  tellsRetry: true,
  idOf: String,
  start,
}

const OPTIONS = {
  retry: RETRY_MS,
  keepAlive: HEARTBEAT_MS,
  // It writes text as it is, so that every line but the first would be lost.
  serializer: (data: unknown) => String(data).replaceAll('\n', '\ndata:'),
}

async function start(): Promise<RunningServer> {
  const history: StoryEvent[] = []
  const sessions = new Set<Session>()
  const push = (session: Session, { n, type, data }: StoryEvent): unknown =>
    session.push(data, type, String(n))
  const server = createServer((request, response) => {
    void createSession(request, response, OPTIONS).then((session) => {
      for (const event of history.slice(Number(session.lastId))) push(session, event)
      sessions.add(session)
      session.once('disconnected', () => sessions.delete(session))
    })
  })
  const { port, close } = await listen(server)
  return {
    port,
    request: { path: '/' },
    read: asStoryEvent,
    publish(events) {
      history.push(...events)
      for (const session of sessions) for (const event of events) push(session, event)
      return Promise.resolve()
    },
    close,
  }
}
