import { once } from 'node:events'
import { createClient, type Client, type EventOf } from '@heartline/client'
import { Command, InvalidArgumentError } from 'commander'
import { toEndpoint } from '../client/endpoint.ts'
import { toHubError } from '../client/problem-error.ts'

interface Options {
  readonly url?: string
  readonly token?: string
  readonly since?: string
  readonly lastEventId?: string
  readonly json?: boolean
  readonly count?: number
  readonly quiet?: boolean
}

/** What an event is here: its data stays text. */
type TextEvent = EventOf<string, string>

/** What the hub says about the stream itself. */
const NOTED = ['heartline.drain', 'heartline.expired', 'heartline.end'] as const
/** An administrator ended the session without leave to come back; there is nothing to read. */
const GOOD_ENDS = ['HL_CLIENT_DISMISSED', 'HL_CLIENT_NO_CONTENT']

const HELP = `
Reconnects by itself and goes on after the last event it printed. What could not be
replayed is said with a line about the gap. Ctrl-C stops. To stop after one event, say
--count 1: head -1 ends it only when the next event is written.

Examples:
  $ heartline subscribe news/today
  $ heartline subscribe 'stocks/*' 'quakes/**' --json
  $ heartline subscribe orders --since earliest --count 10
`

/** `heartline subscribe`. */
export function subscribeCommand(): Command {
  return new Command('subscribe')
    .description('Print the events of one or more selectors as they come.')
    .argument('<topic...>', 'topics or selectors: a, a/* (one level), a/** (any depth)')
    .option('--url <url>', 'address of the hub (HEARTLINE_URL; default http://127.0.0.1:8420)')
    .option('--token <jwt>', 'token (better: HEARTLINE_TOKEN)')
    .option('--since <position>', 'earliest, latest or an event id (default: latest)')
    .option('--last-event-id <id>', 'go on after this event')
    .option('--json', 'print one JSON object a line: id, type, data')
    .option('--count <number>', 'stop after so many events', parseCount)
    .option('--quiet', 'say nothing about connections')
    .addHelpText('after', HELP)
    .action(subscribe)
}

async function subscribe(selectors: string[], options: Options): Promise<void> {
  const { url, headers } = toEndpoint(options, process.env)
  const { since, lastEventId } = options
  const query = new URLSearchParams(
    selectors.map((selector): [string, string] => ['topic', selector]),
  )
  if (since !== undefined) query.set('since', since)
  const client = createClient({
    url: `${url}/v1/events?${query.toString()}`,
    headers,
    lastEventId,
    decode: 'text',
  })
  const stop = (): void => client.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  // `heartline subscribe x | head -1`: whoever read the output has gone.
  process.stdout.on('error', stop)
  try {
    const end = ended(client)
    new Printer(options, stop).listen(client)
    await end
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

/** Resolves when the stream is over. Rejects when the hub refused it for good. */
function ended(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.onState(({ name, lastError }) => {
      if (name !== 'closed') return
      if (lastError === undefined || GOOD_ENDS.includes(lastError.code)) resolve()
      else reject(toHubError(lastError))
    })
  })
}

class Printer {
  readonly #options: Options
  readonly #stop: () => void
  #printed = 0
  /** Something answered once, or it was said what to do. */
  #isAdvised = false

  constructor(options: Options, stop: () => void) {
    this.#options = options
    this.#stop = stop
  }

  listen(client: Client): void {
    client.onState(({ name, lastError, nextRetryAt = 0, since }) => {
      if (name === 'open') {
        this.#note('connected')
        this.#isAdvised = true
      }
      if (name !== 'waiting') return
      const seconds = ((nextRetryAt - since) / 1000).toFixed(1)
      this.#note(`${lastError?.message ?? ''} Next attempt in ${seconds} s.`)
      if (this.#isAdvised || lastError?.code !== 'HL_CLIENT_NETWORK') return
      this.#isAdvised = true
      this.#note('Is the hub running? Set another with --url; Ctrl-C stops.')
    })
    for (const type of NOTED) {
      client.on(type, (data) => this.#note(`${type} ${JSON.stringify(data)}`))
    }
    client.on('heartline.gap', (gap, { id, type }) => {
      const data = JSON.stringify(gap)
      process.stderr.write(`heartline: gap ${data}\n`)
      return this.#options.json === true ? this.#print({ id, type, data }) : undefined
    })
    client.on('*', (_, event) => {
      if (event.type !== 'heartline.gap') return this.#event(event as TextEvent)
      return undefined
    })
  }

  #event(event: TextEvent): Promise<unknown> | undefined {
    const { count } = this.#options
    if (count !== undefined && this.#printed >= count) return undefined
    const printing = this.#print(event)
    if (++this.#printed === count) this.#stop()
    return printing
  }

  /** The promise, if there is one, resolves when the output takes more: no line waits in memory. */
  #print({ id, type, data }: TextEvent): Promise<unknown> | undefined {
    const plain = type === 'message' ? data : `${type}: ${data}`
    const line = this.#options.json === true ? JSON.stringify({ id, type, data }) : plain
    return process.stdout.write(`${line}\n`) ? undefined : once(process.stdout, 'drain')
  }

  #note(text: string): void {
    if (this.#options.quiet !== true) process.stderr.write(`heartline: ${text}\n`)
  }
}

function parseCount(text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('It must be a whole number above 0.')
}
