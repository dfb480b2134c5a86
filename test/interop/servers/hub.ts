import { postJson } from '../../kit/http-call.ts'
import { startHub } from '../../kit/hub-process.ts'
import { streamUrl, type ReceivedEvent } from '../../kit/reader.ts'
import { makeTempDirectory, removeTempDirectory } from '../../kit/temp-directory.ts'
import { storyNumber, type StoryEvent, type TakenEvent } from '../event.ts'
import { HEARTBEAT_MS, RETRY_MS, type InteropServer, type RunningServer } from './server.ts'

const TOPIC = 'story'

export const hub: InteropServer = defineHub('hub', 'on')
export const hubWithoutDoor: InteropServer = defineHub('hub on node:http', 'off')

function defineHub(name: string, frontDoor: 'on' | 'off'): InteropServer {
  return {
    name,
    remembers: true,
    forbidsBuffering: true,
    heartbeatMs: HEARTBEAT_MS,
    tellsRetry: true,
    start: () => start(frontDoor),
  }
}

async function start(frontDoor: string): Promise<RunningServer> {
  const directory = makeTempDirectory()
  const flags = ['--front-door', frontDoor]
  flags.push('--heartbeat', `${HEARTBEAT_MS}ms`, '--retry', `${RETRY_MS}ms`)
  const running = await startHub({ store: `disk:${directory}`, flags })
  return {
    port: running.port,
    request: { path: streamUrl('', TOPIC) },
    read,
    publish: (events) => publish(running.url, events),
    killAndRestart: () => running.killAndRestart(),
    async close() {
      await running.stop()
      removeTempDirectory(directory)
    },
  }
}

function read({ type, data, id }: ReceivedEvent): TakenEvent | undefined {
  // A gap would be a loss here: it makes an event without a number.
  if (type.startsWith('heartline.') && type !== 'heartline.gap') return undefined
  return { n: storyNumber(data), type, data, id }
}

async function publish(url: string, events: readonly StoryEvent[]): Promise<void> {
  const body = events.map(({ type, data }) =>
    type === 'message' ? { topic: TOPIC, data } : { topic: TOPIC, type, data },
  )
  const { status, text } = await postJson(`${url}/v1/events`, body)
  if (status !== 201) throw new Error(`The hub refused a publish: ${status} ${text}`)
}
