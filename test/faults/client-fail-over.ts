/**
 * Two relays of one hub; the one in use is killed with -9 again and again, under a steady stream of
 * publishes. The client must read again from the other one soon, with every event once, and go back
 * when the first is healthy. Program: `npx tsx --conditions=@heartline/source
 * test/faults/client-fail-over.ts [runs]`.
 */
import { createClient, type Client } from '@heartline/client'
import { memoryOutbox } from '@heartline/client/outbox'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { percentile } from '../kit/percentile.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const EVERY_MS = 10

export interface FailOverResult {
  /** From each kill to the next event that was read, in milliseconds. */
  readonly readAgainMs: readonly number[]
  readonly published: number
  /** Numbers that came out of order, twice or never. */
  readonly wrong: readonly number[]
  readonly gaps: number
}

/** Kills the preferred relay so many times. */
export async function runFailOver(
  runs: number,
  log: (line: string) => void,
): Promise<FailOverResult> {
  const hub = await startHub()
  const flags = ['--upstream', hub.url]
  const relays = await Promise.all([startHub({ flags }), startHub({ flags })])
  const [first] = relays
  const client = createClient({
    url: relays.map(({ url }) => `${url}/v1/events?topic=n`),
    probeMs: 200,
    healthyAfter: 2,
  })
  const reader = new Reader(client)
  const publisher = createClient({ url: `${hub.url}/v1/events`, outbox: memoryOutbox() })
  const writer = new Writer(publisher)
  try {
    await waitFor(() => client.state.name === 'open', { what: 'the client reads' })
    const writing = writer.run()
    const readAgainMs: number[] = []
    for (let run = 0; run < runs; run++) {
      readAgainMs.push(await killOnce(first, reader))
      log(`run ${run + 1}: ${readAgainMs.at(-1)?.toFixed(0)} ms`)
      await first.start()
      await waitFor(() => isReading(client, 0), { what: 'the client is back at the first' })
    }
    writer.stop()
    await writing
    await waitFor(() => reader.count >= writer.published, { what: 'everything is read' })
    return { readAgainMs, published: writer.published, wrong: reader.wrong, gaps: reader.gaps }
  } finally {
    client.close()
    publisher.close()
    for (const process of [...relays, hub]) await process.stop()
  }
}

async function killOnce(first: HubProcess, reader: Reader): Promise<number> {
  await waitFor(() => reader.isSteady(), { what: 'events flow' })
  const killedAt = performance.now()
  await first.kill()
  // What the dead one had sent is still read.
  await waitFor(() => isReading(reader.client, 1), { what: 'the other one is read', everyMs: 1 })
  const seen = reader.count
  await waitFor(() => reader.count > seen, { what: 'an event comes from it', everyMs: 1 })
  return performance.now() - killedAt
}

function isReading({ state }: Client, endpoint: number): boolean {
  return state.name === 'open' && state.endpoint === endpoint
}

class Reader {
  readonly client: Client
  readonly wrong: number[] = []
  count = 0
  gaps = 0
  #lastAt = 0

  constructor(client: Client) {
    this.client = client
    client.on('message', (n) => {
      if (n !== this.count) this.wrong.push(Number(n))
      this.count++
      this.#lastAt = performance.now()
    })
    client.on('heartline.gap', () => this.gaps++)
  }

  isSteady(): boolean {
    return this.count > 0 && performance.now() - this.#lastAt < EVERY_MS * 20
  }
}

class Writer {
  readonly #client: Client
  published = 0
  #isStopped = false

  constructor(client: Client) {
    this.#client = client
  }

  stop(): void {
    this.#isStopped = true
  }

  async run(): Promise<void> {
    while (!this.#isStopped) {
      await this.#client.publish({ topic: 'n', data: this.published })
      this.published++
      await sleep(EVERY_MS)
    }
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const runs = Number(process.argv[2] ?? 100)
    const result = await runFailOver(runs, (line) => console.log(line))
    const { readAgainMs, published, wrong, gaps } = result
    const [half, p99] = [0.5, 0.99].map((share) => percentile(readAgainMs, share).toFixed(0))
    console.log(`${runs} kills, ${published} events: wrong ${wrong.length}, gaps ${gaps}`)
    console.log(`reading again after ${half} ms (p50), ${p99} ms (p99)`)
    return wrong.length === 0 && gaps === 0 && percentile(readAgainMs, 0.99) <= 1500
  })
}
