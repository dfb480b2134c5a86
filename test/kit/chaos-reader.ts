import {
  createClient,
  EventSource,
  type Client,
  type ClientOptions,
  type Gap,
} from '@heartline/client'
import { decodeCursor } from '@heartline/wire'
import { AttemptAccount } from './attempt-account.ts'
import { Ledger } from './ledger.ts'
import { numberedData, numberOf } from './numbered.ts'
import type { Random } from './random.ts'
import type { ShakenWorld } from './shaken-world.ts'
import type { TroubleProxy } from './trouble-proxy.ts'

/** Letters of the text of event `n`. */
export function chaosLength(n: number): number {
  return (n * 7919) % 180
}

/** The hub's `--retry`; its jitter only adds. */
export const CHAOS_RETRY_MS = 2000
/** An application makes an `EventSource` that failed for good anew after so long. */
const REBUILD_MS = 5000

/** Simulated; a disk takes real time. */
const SAVED_WITHIN_MS = 100_000

export interface ChaosReaderSetup {
  readonly name: string
  readonly world: ShakenWorld
  readonly random: Random
  readonly proxies: readonly TroubleProxy[]
  /** How many numbers are published so far. */
  readonly published: () => number
  /** So many of the newest events are always kept. */
  readonly kept: number
}

/** One reader behind its own bad network, and its accounts. */
export abstract class ChaosReader {
  readonly setup: ChaosReaderSetup
  readonly ledger: Ledger = new Ledger()
  readonly account: AttemptAccount
  /** Ends of streams and requests by error code. */
  readonly ends: Record<string, number> = {}
  /** Sizes of the gaps that were said. */
  readonly gapSizes: number[] = []
  isOpen = false
  /** How often the client was made. */
  made = 0
  protected jumped = false

  constructor(setup: ChaosReaderSetup, waits: 'ladder' | 'standard') {
    this.setup = setup
    this.account = new AttemptAccount({ waits, retryMs: CHAOS_RETRY_MS })
    setup.world.onRequest = ({ at, url }) => this.account.begin(at, new URL(url).origin)
    setup.world.onRetryAfter = (ms) => this.account.retryAfter(ms)
  }

  abstract start(): void
  abstract stop(): void

  /** Like a crash of the program and its next start, for readers that keep their place. */
  async restart(): Promise<void> {}

  /** True when it drops what it has had: an `EventSource` leaves that to its page. */
  get isExact(): boolean {
    return false
  }

  jump(ms: number): void {
    this.jumped = true
    this.setup.world.jump(ms)
  }

  thaw(tells: boolean): void {
    if (tells) this.account.woke(this.nowMs)
    this.setup.world.thaw(tells)
  }

  protected get nowMs(): number {
    return this.setup.world.time.elapsedMs
  }

  protected url(index = 0): string {
    return `http://127.0.0.1:${this.setup.proxies[index]?.port}/v1/events?topic=n`
  }

  protected opened(): void {
    this.isOpen = true
    this.account.opened(this.nowMs)
  }

  protected ended(code: string): void {
    this.isOpen = false
    this.ends[code] = (this.ends[code] ?? 0) + 1
    const movedBack = code === 'HL_CLIENT_MOVED_BACK'
    this.account.ended(this.nowMs, { movedBack, jumped: this.jumped })
    this.jumped = false
  }

  protected take(data: string): void {
    const n = numberOf(data)
    const holes = this.ledger.holes.length
    this.ledger.take(n, data, numberedData(n, chaosLength(n)))
    if (this.ledger.holes.length > holes) this.#checkHole()
  }

  protected takeGap(gap: Gap): void {
    this.account.brought()
    this.ledger.takeGap(JSON.stringify(gap))
  }

  /** A gap must be as large as what is missing, and nothing of it may still be there. */
  #checkHole(): void {
    const { first, last, gap } = this.ledger.holes.at(-1) as (typeof this.ledger.holes)[number]
    if (gap === undefined) return
    const said = offsetOf(gap.to) - offsetOf(gap.from)
    this.gapSizes.push(said)
    const missing = last - first + 1
    if (said !== missing) this.ledger.problem(`a gap says ${said}, and ${missing} are missing`)
    const trimmed = this.setup.published() - this.setup.kept
    if (last > trimmed) this.ledger.problem(`${last} is said to be gone, and ${trimmed} are`)
  }
}

function offsetOf(id: string): number {
  return decodeCursor(id).positions.get('')?.offset ?? Number.NaN
}

export interface ClientReaderOptions extends Partial<ClientOptions> {
  /** Reads with a `for await` loop that is slow at times, instead of handlers. */
  readonly isLoop?: boolean | undefined
  /** Its handler is slow at times, and a crash meets it at work: the next one has it all to do. */
  readonly isSlow?: boolean | undefined
  /** Reads the place that the store has. */
  readonly saved?: (() => Promise<string | undefined>) | undefined
}

/** Reads with `createClient`. */
export class ClientReader extends ChaosReader {
  readonly #options: ClientReaderOptions
  #client: Client | undefined

  constructor(setup: ChaosReaderSetup, options: ClientReaderOptions = {}) {
    super(setup, 'ladder')
    this.#options = options
  }

  override get isExact(): boolean {
    return true
  }

  start(): void {
    this.made++
    const { isLoop = false, isSlow = false, saved: _, ...options } = this.#options
    const { world, random, proxies } = this.setup
    const client = createClient({
      url: proxies.map((_, index) => this.url(index)),
      fetch: world.fetch,
      clock: world,
      surroundings: world,
      random,
      decode: 'text',
      ...options,
    })
    this.#client = client
    client.onState(({ name, lastError }) => {
      if (client !== this.#client) return
      if (name === 'open') this.opened()
      else if (name === 'waiting') this.ended(lastError?.code ?? '')
      else if (name === 'closed') this.ledger.problem(`closed: ${lastError?.message}`)
    })
    client.onError((error) => {
      // A disk takes real time, and a busy one more than the few that this program has for it.
      if (error.code !== 'HL_CLIENT_STORE_FAILED') this.ledger.problem(error.message)
    })
    for (const name of ['heartline.cursor', 'heartline.drain'] as const) {
      client.on(name, () => this.account.brought())
    }
    if (isLoop) void this.#loop(client)
    else if (isSlow) {
      client.on('message', (data) => this.#work(client, () => this.#event(String(data))))
      client.on('heartline.gap', (gap) => this.#work(client, () => this.takeGap(gap)))
    } else {
      client.on('message', (data) => this.#event(String(data)))
      client.on('heartline.gap', (gap) => this.takeGap(gap))
    }
  }

  stop(): void {
    const client = this.#client
    this.#client = undefined
    this.isOpen = false
    client?.close()
  }

  override async restart(): Promise<void> {
    const { saved } = this.#options
    const client = this.#client
    if (saved === undefined || client === undefined) return
    this.stop()
    this.account.replaced(this.nowMs)
    // A crash before the place is saved repeats events. That is no crash of this kind.
    const until = this.nowMs + SAVED_WITHIN_MS
    while ((await saved()) !== client.lastEventId && this.nowMs < until) {
      await this.setup.world.time.sleep(20)
    }
    if (this.nowMs >= until) this.ledger.problem(`${client.lastEventId} was not saved`)
    this.start()
  }

  #event(data: string): void {
    this.account.brought()
    this.take(data)
  }

  /** What a crash meets at work is never done. */
  async #work(client: Client, finish: () => void): Promise<void> {
    if (this.setup.random() < 0.1) await this.setup.world.time.sleep(2000)
    if (client === this.#client) finish()
    else await new Promise(() => {})
  }

  async #loop(client: Client): Promise<void> {
    for await (const event of client.events({ limit: 32 })) {
      if (event.type === 'heartline.gap') this.takeGap(event.data as Gap)
      else this.#event(String(event.data))
      if (this.setup.random() < 0.02) await this.setup.world.time.sleep(3000)
    }
  }
}

/** Reads with an `EventSource`, which fails for good where the standard says so. */
export class EventSourceReader extends ChaosReader {
  #source: EventSource | undefined
  #lastId = ''

  constructor(setup: ChaosReaderSetup) {
    super(setup, 'standard')
  }

  start(): void {
    this.made++
    const { world, random } = this.setup
    const from = this.#lastId === '' ? '' : `&lastEventId=${this.#lastId}`
    const url = `${this.url()}${from}`
    const options = { fetch: world.fetch, clock: world, surroundings: world, random }
    const source = new EventSource(url, options)
    this.#source = source
    source.addEventListener('open', () => this.opened())
    source.addEventListener('error', () => this.#failed(source))
    for (const type of ['message', 'heartline.gap', 'heartline.cursor']) {
      source.addEventListener(type, (event) => this.#event(event as MessageEvent<string>))
    }
  }

  stop(): void {
    this.#source?.close()
    this.#source = undefined
    this.isOpen = false
  }

  #event({ type, data, lastEventId }: MessageEvent<string>): void {
    this.account.brought()
    this.#lastId = lastEventId
    if (type === 'heartline.gap') this.takeGap(JSON.parse(data) as Gap)
    else if (type === 'message') this.take(data)
  }

  #failed(source: EventSource): void {
    if (source !== this.#source) return
    this.ended(source.readyState === EventSource.CLOSED ? 'failed for good' : 'error')
    if (source.readyState !== EventSource.CLOSED) return
    this.#source = undefined
    this.account.replaced(this.nowMs)
    this.setup.world.time.after(REBUILD_MS, () => this.start())
  }
}
