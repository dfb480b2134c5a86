import type { ParsedEvent } from '@heartline/wire'
import { Command, InvalidArgumentError } from 'commander'
import { toEndpoint } from '../client/endpoint.ts'
import { StreamReader } from '../client/stream-reader.ts'

interface Options {
  readonly url?: string
  readonly token?: string
  readonly since?: string
  readonly lastEventId?: string
  readonly json?: boolean
  readonly count?: number
  readonly quiet?: boolean
}

const CONTROL_PREFIX = 'heartline.'
const GAP = 'heartline.gap'

const HELP = `
Reconnects by itself and goes on after the last event it printed. What could not be
replayed is said with a line about the gap. Ctrl-C stops.

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
  const { since, lastEventId } = options
  const endpoint = toEndpoint(options, process.env)
  const printer = new Printer(options, () => reader.stop())
  const reader = new StreamReader({ endpoint, selectors, since, lastEventId }, printer, Math.random)
  const stop = (): void => reader.stop()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  // `heartline subscribe x | head -1`: whoever read the output has gone.
  process.stdout.on('error', stop)
  try {
    await reader.run()
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}

class Printer {
  readonly #options: Options
  readonly #stop: () => void
  #printed = 0

  constructor(options: Options, stop: () => void) {
    this.#options = options
    this.#stop = stop
  }

  onOpen(): void {
    this.#note('connected')
  }

  onRetry(reason: string, waitMs: number): void {
    this.#note(`${reason} Next attempt in ${(waitMs / 1000).toFixed(1)} s.`)
  }

  onEvent(event: ParsedEvent): void {
    const { count } = this.#options
    if (count !== undefined && this.#printed >= count) return
    if (event.type.startsWith(CONTROL_PREFIX)) {
      this.#control(event)
      return
    }
    this.#print(event)
    if (++this.#printed === count) this.#stop()
  }

  #control(event: ParsedEvent): void {
    if (event.type === GAP && this.#options.json === true) this.#print(event)
    if (event.type === GAP) process.stderr.write(`heartline: gap ${event.data}\n`)
    else if (event.type !== 'heartline.cursor') this.#note(`${event.type} ${event.data}`)
  }

  #print({ lastEventId: id, type, data }: ParsedEvent): void {
    if (this.#options.json === true) process.stdout.write(`${JSON.stringify({ id, type, data })}\n`)
    else process.stdout.write(type === 'message' ? `${data}\n` : `${type}: ${data}\n`)
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
