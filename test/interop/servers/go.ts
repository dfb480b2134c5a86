import { httpCall } from '../../kit/http-call.ts'
import { childEnd, hasEnded, killChild, startChild } from '../../kit/child.ts'
import { waitFor } from '../../kit/wait-for.ts'
import type { StoryEvent } from '../event.ts'
import { buildGo, goMissing } from '../go/build.ts'
import { asStoryEvent } from './in-process.ts'
import { HEARTBEAT_MS, RETRY_MS, type InteropServer, type RunningServer } from './server.ts'

/** Go's net/http with a history in memory: `go/main.go`. */
export const go: InteropServer = {
  name: 'Go net/http',
  remembers: true,
  forbidsBuffering: true,
  heartbeatMs: HEARTBEAT_MS,
  tellsRetry: true,
  idOf: String,
  missing: goMissing,
  start,
}

async function start(): Promise<RunningServer> {
  const args = ['serve', String(RETRY_MS), String(HEARTBEAT_MS)]
  const child = startChild(await buildGo(), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (said += text))
  await waitFor(() => said.endsWith('\n') || hasEnded(child), { what: 'the Go server listens' })
  const port = Number(said)
  return {
    port,
    request: { path: '/' },
    read: asStoryEvent,
    async publish(events) {
      for (const event of events) await publish(port, event)
    },
    async close() {
      killChild(child)
      await childEnd(child)
    },
  }
}

async function publish(port: number, { type, data }: StoryEvent): Promise<void> {
  const url = `http://127.0.0.1:${port}/?type=${type}`
  const { status } = await httpCall(url, { method: 'POST', body: data })
  if (status !== 204) throw new Error(`The Go server refused a publish: ${status}`)
}
