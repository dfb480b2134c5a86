import { createInterface } from 'node:readline'
import type { PublishEvent } from '@heartline/hub'
import { HeartlineError } from '@heartline/wire'
import { Command } from 'commander'
import { toEndpoint, type Endpoint } from '../client/endpoint.ts'
import { postEvents } from '../client/publish-client.ts'
import { whenOutputCloses } from '../closed-output.ts'
import { serverErrors } from '../errors.ts'
import { parseJson } from '../http/json.ts'

/** Lines that wait together are published together. */
const MAX_BATCH = 500

interface Options {
  readonly url?: string
  readonly token?: string
  readonly type?: string
  readonly key?: string
  readonly private?: boolean
  readonly id?: string
  readonly ndjson?: boolean
  readonly quiet?: boolean
}

const HELP = `
Without DATA, or with -, each line of the standard input is the data of one event.
Prints the id of each stored event. Publishes on when nobody reads these any more (| head).

Examples:
  $ heartline publish news '{"title":"hello"}' --type headline
  $ tail -f app.log | heartline publish logs/app
  $ heartline publish - --ndjson < events.ndjson      each line an event with its topic
  $ heartline publish orders '{"n":7}' --id order-7   stored once, however often you run it
`

/** `heartline publish`. */
export function publishCommand(): Command {
  return new Command('publish')
    .description('Publish one event, or one for each line of the standard input.')
    .argument('<topic>', 'topic to publish to; with --ndjson for lines that name none')
    .argument('[data]', 'data of the event; - or nothing: read lines')
    .option('--url <url>', 'address of the hub (HEARTLINE_URL; default http://127.0.0.1:8420)')
    .option('--token <jwt>', 'token (better: HEARTLINE_TOKEN)')
    .option('--type <name>', 'event type')
    .option('--key <key>', 'key of latest-value readers')
    .option('--private', 'only for readers whose token allows the topic')
    .option('--id <id>', 'publish id: the same one is stored once')
    .option('--ndjson', 'the lines are events in JSON')
    .option('--quiet', 'print no ids')
    .addHelpText('after', HELP)
    .action(publish)
}

async function publish(topic: string, data: string | undefined, options: Options): Promise<void> {
  const endpoint = toEndpoint(options, process.env)
  const publisher = new BatchPublisher(endpoint, options.quiet === true)
  if (data !== undefined && data !== '-') {
    await publisher.publish([toEvent(topic, data, options)])
    return
  }
  if (options.id !== undefined) {
    throw new HeartlineError(serverErrors.usage, {
      reason: 'With lines, --id would name them all.',
    })
  }
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity })
  await publisher.publishAll(lines, (line) => toLineEvent(topic, line, options))
}

function toLineEvent(topic: string, line: string, options: Options): PublishEvent | undefined {
  if (options.ndjson !== true) return toEvent(topic, line, options)
  if (line.trim() === '') return undefined
  const event = parseJson(line) as PublishEvent
  const isNamed = event.topic !== undefined || event.topics !== undefined || topic === '-'
  return isNamed ? event : { ...event, topic }
}

function toEvent(topic: string, data: string, options: Options): PublishEvent {
  const { type, key, id: publishId } = options
  return { topic, data, type, key, publishId, private: options.private }
}

/** Sends lines as they come: the first at once, those that come meanwhile together. */
class BatchPublisher {
  readonly #endpoint: Endpoint
  #isQuiet: boolean

  constructor(endpoint: Endpoint, isQuiet: boolean) {
    this.#endpoint = endpoint
    this.#isQuiet = isQuiet
    // `heartline publish … | head`: the events are published all the same.
    whenOutputCloses(() => (this.#isQuiet = true))
  }

  async publish(events: readonly PublishEvent[]): Promise<void> {
    const results = await postEvents(this.#endpoint, events)
    if (this.#isQuiet) return
    const text = results.map(({ id, duplicate }) => `${id}${duplicate ? ' duplicate' : ''}\n`)
    process.stdout.write(text.join(''))
  }

  async publishAll(
    lines: AsyncIterable<string>,
    toEvent: (line: string) => PublishEvent | undefined,
  ): Promise<void> {
    let waiting: PublishEvent[] = []
    let sending: Promise<void> | undefined
    let failure: unknown
    const send = (): void => {
      if (sending !== undefined || waiting.length === 0 || failure !== undefined) return
      const batch = waiting
      waiting = []
      sending = this.publish(batch)
        .catch((error: unknown) => (failure = error))
        .then(() => {
          sending = undefined
          send()
        })
    }
    for await (const line of lines) {
      const event = toEvent(line)
      if (event !== undefined) waiting.push(event)
      send()
      // The lines stop being read while the hub is slower than they come.
      while (waiting.length >= MAX_BATCH && failure === undefined) await sending
      if (failure !== undefined) break
    }
    while (sending !== undefined) await sending
    if (failure !== undefined) throw failure
  }
}
