import { createClient } from '@heartline/client'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { childEnd, hasEnded, killChild, startChild } from '../kit/child.ts'
import { postJson } from '../kit/http-call.ts'
import { waitFor } from '../kit/wait-for.ts'
import { Cable } from '../interop/cable.ts'
import type { Runtime } from './runtime.ts'

const HOST = '127.0.0.1'

/** Where a trial takes place. */
export interface TrialPlace {
  readonly runtime: Runtime
  readonly binary: string
  /** Our packages are installed there. */
  readonly app: string
}

const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** A program of the app on a runtime, and what it says. */
class Program {
  readonly child: ChildProcess
  said = ''
  errors = ''

  constructor({ runtime, binary, app }: TrialPlace, args: readonly string[]) {
    this.child = startChild(binary, [...runtime.flags, ...args], {
      cwd: app,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.said += text))
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text))
  }

  async untilSaid(pattern: RegExp): Promise<RegExpExecArray> {
    await waitFor(() => pattern.test(this.said) || hasEnded(this.child), {
      what: `the program says ${String(pattern)}`,
      timeoutMs: 60_000,
      report: () => this.said + this.errors,
    })
    const found = pattern.exec(this.said)
    if (found === null) throw new Error(`The program ended: ${this.said}${this.errors}`)
    return found
  }

  /** Resolves with its exit code once it ended by itself. */
  async end(): Promise<number | string> {
    await waitFor(() => hasEnded(this.child), {
      what: 'the program ends by itself',
      report: () => this.said + this.errors,
    })
    return childEnd(this.child)
  }

  async kill(): Promise<void> {
    killChild(this.child)
    await childEnd(this.child)
  }
}

/** What the client did on a runtime; it is compared as a whole. */
export interface ClientTrial {
  readonly handled: readonly number[]
  readonly heard: readonly number[]
  readonly looped: readonly number[]
  readonly opens: number
  readonly exit: number | string
}

export const EXPECTED_OF_CLIENT: ClientTrial = {
  handled: range(1, 25),
  heard: range(1, 25),
  looped: range(26, 30),
  opens: 2,
  exit: 0,
}

/** `createClient`, `EventSource`, publishing and the file stores, through a cut, against a hub. */
export async function tryClient(place: TrialPlace, hubPort: number): Promise<ClientTrial> {
  const topic = `numbers/${place.runtime.name.replaceAll(' ', '-')}`
  const cable = new Cable(hubPort)
  await cable.listen()
  const url = `http://${HOST}:${cable.port}`
  const folder = join(place.app, '..', `kept-${topic.replace('/', '-')}`)
  const program = new Program(place, ['client.mjs', url, topic, folder])
  try {
    await program.untilSaid(/^cut$/m)
    cable.cutInside()
    const events = range(11, 20).map((data) => ({ topic, type: 'number', data }))
    await postJson(`http://${HOST}:${hubPort}/v1/events`, events)
    const [line] = await program.untilSaid(/^\{.*\}$/m)
    const exit = await program.end()
    return { ...(JSON.parse(line) as ClientTrial), exit }
  } finally {
    await program.kill()
    await cable.close()
  }
}

export interface ServerTrial {
  readonly numbers: readonly number[]
  readonly opens: number
  readonly heartbeats: boolean
  /** Why the sessions on the server ended. */
  readonly ends: readonly string[]
}

export const EXPECTED_OF_SERVER: ServerTrial = {
  numbers: range(1, 40),
  opens: 2,
  heartbeats: true,
  ends: ['disconnected', 'disconnected'],
}

/** `createFetchSession` on the runtime's own server, read by our client through a cut. */
export async function tryServer(place: TrialPlace): Promise<ServerTrial> {
  const program = new Program(place, ['serve.mjs', HOST])
  const numbers: number[] = []
  let opens = 0
  let heartbeats = 0
  let cable: Cable | undefined
  let client: ReturnType<typeof createClient> | undefined
  try {
    const [, port] = await program.untilSaid(/^port (\d+)$/m)
    cable = new Cable(Number(port))
    await cable.listen()
    client = createClient({ url: `http://${HOST}:${cable.port}/`, decode: 'text' })
    client.onState(({ name }) => name === 'open' && opens++)
    client.onHeartbeat(() => heartbeats++)
    client.on('number', (data) => {
      const text = String(data)
      numbers.push(text.endsWith('\nzwei é€𝄞') ? Number.parseInt(text, 10) : Number.NaN)
      if (numbers.length === 10) cable?.cutInside()
    })
    await waitFor(() => numbers.length >= 40 && heartbeats > 1, {
      what: 'all events and two heartbeats are here',
      report: () => `${numbers.join()}, ${heartbeats} heartbeats ${program.said}${program.errors}`,
    })
    client.close()
    await program.untilSaid(/^ended \w+\n(.*\n)*ended \w+$/m)
    const ends = [...program.said.matchAll(/^ended (\w+)$/gm)].map(([, end = '']) => end)
    return { numbers, opens, heartbeats: heartbeats > 0, ends }
  } finally {
    client?.close()
    await cable?.close()
    await program.kill()
  }
}

export interface HubTrial {
  readonly numbers: readonly number[]
  readonly drained: boolean
  readonly exit: number | string
  /** How it wrote, and why not faster. */
  readonly seam: string | undefined
  readonly reason: string | undefined
}

export function expectedOfHub({ seam, reason }: Runtime): HubTrial {
  return { numbers: range(1, 20), drained: true, exit: 0, seam, reason }
}

/** `heartline serve` with a store on disk: publish, read, `kill -9`, read on, leave in good order. */
export async function tryHub(place: TrialPlace, flags: readonly string[] = []): Promise<HubTrial> {
  const store = join(place.app, '..', `store-${place.runtime.package}-${place.runtime.version}`)
  const numbers: number[] = []
  let isDrained = false
  let hub = await startHub(place, `${HOST}:0`, store, flags)
  const client = createClient({ url: `${hub.url}/v1/events?topic=numbers&since=earliest` })
  try {
    client.on('number', (data) => numbers.push(Number(data)))
    client.on('heartline.drain', () => (isDrained = true))
    await publish(hub.url, 1, 10)
    await waitFor(() => numbers.length >= 10, { what: 'the first events are here' })
    await hub.program.kill()
    hub = await startHub(place, new URL(hub.url).host, store, flags)
    await publish(hub.url, 11, 20)
    await waitFor(() => numbers.length >= 20, { what: 'it goes on', report: () => numbers.join() })
    hub.program.child.kill('SIGTERM')
    await waitFor(() => isDrained, { what: 'the reader is told to leave' })
    client.close()
    const exit = await hub.program.end()
    return { numbers, drained: isDrained, exit, ...seamOf(hub.program.errors) }
  } finally {
    client.close()
    await hub.program.kill()
  }
}

/** What its log says about the way it writes. */
function seamOf(log: string): { seam: string | undefined; reason: string | undefined } {
  const line = log.split('\n').find((each) => each.includes('"msg":"Write seam')) ?? '{}'
  const { seam, reason } = JSON.parse(line) as { seam?: string; reason?: string }
  return { seam, reason }
}

interface RunningHub {
  readonly program: Program
  readonly url: string
}

async function startHub(
  place: TrialPlace,
  listen: string,
  store: string,
  flags: readonly string[],
): Promise<RunningHub> {
  const args = ['--listen', listen, '--store', `disk:${store}`, '--drain-deadline', '2s', ...flags]
  const program = new Program(place, ['node_modules/heartline/bin/heartline.js', 'serve', ...args])
  const [, url = ''] = await program.untilSaid(/listening on (http:\/\/\S+)/)
  return { program, url }
}

async function publish(url: string, first: number, last: number): Promise<void> {
  const events = range(first, last).map((data) => ({ topic: 'numbers', type: 'number', data }))
  const { status, text } = await postJson(`${url}/v1/events`, events)
  if (status !== 201) throw new Error(`The hub refused a publish: ${status} ${text}`)
}
