import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { BENCH, buildC, filesIn } from './build.ts'
import { Child } from './child.ts'
import type { Endpoint } from './peer.ts'

/** Time given to a command beyond what it was asked to take. */
const PATIENCE_MS = 30_000
const CONNECT_FLIGHT = 256

export interface Connected {
  /** Streams that were answered with 200, the stalled ones among them. */
  readonly opened: number
  /** Streams that were refused or cut. */
  readonly ended: number
  readonly ms: number
  readonly problem: string
}

export interface Turn {
  /** `closed` keeps `window` events on their way; `open` publishes `rate` requests per second. */
  readonly loop: 'closed' | 'open'
  readonly window?: number | undefined
  readonly rate?: number | undefined
  /** Connections that publish, each one request at a time. Default 1. */
  readonly publishers?: number | undefined
  /** Events in one request. Default 1. */
  readonly batch?: number | undefined
  /** Loaded so long before it is measured. Default 150. */
  readonly settleMs?: number | undefined
  /** Measured so long. */
  readonly forMs: number
  /** Time for what is on its way to arrive. Default 2,000. */
  readonly drainMs?: number | undefined
  /** Processes whose CPU time is taken. */
  readonly pids?: readonly number[] | undefined
  /** Sleeps instead of spinning: kinder to others on the machine, less precise. */
  readonly block?: boolean | undefined
}

export interface TurnResult {
  /** What was really measured. */
  readonly ms: number
  /** Streams that read. */
  readonly readers: number
  readonly deliveries: number
  readonly published: number
  readonly answered: number
  /** Publishes that were answered with an error, or not at all. */
  readonly refused: number
  /** Sequence numbers that were skipped, and that came again or too late, over all streams. */
  readonly gaps: number
  readonly duplicates: number
  /** Deliveries that had not come when the drain time was over. */
  readonly missing: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** CPU time of `pids` in the measured time. */
  readonly cpuMs: number
  /** Share of the time in which the generator had nothing to read. Near 0, it is the limit. */
  readonly idleShare: number
  readonly problem: string
}

type Fields = Readonly<Record<string, string | number | undefined>>

/** The load generator as a child process. Commands are done one after the other. */
export class Generator {
  readonly #child: Child
  /** How many streams may be opening at once, by target. */
  readonly #flights = new Map<number, number>()
  readonly #waiting: ((line: string | undefined) => void)[] = []

  /** @throws Unavailable when it cannot be compiled */
  constructor(core?: number) {
    const program = buildC('load', filesIn(join(BENCH, 'load')))
    this.#child = new Child([program], { core, piped: true })
    const { stdout } = this.#child.process
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => this.#waiting.shift()?.(line))
    }
    void this.#child.ended.then(() => {
      for (const resolve of this.#waiting.splice(0)) resolve(undefined)
    })
  }

  /** Sets the length of the text of each event, in bytes. */
  async setEventBytes(bytes: number): Promise<void> {
    await this.#ask('size', { bytes }, 0)
  }

  /** Tells it of a server. Nothing is connected yet. Answers the number of the target. */
  async addTarget(label: string, port: number, endpoint: Endpoint): Promise<number> {
    const { publish } = endpoint
    const reply = await this.#ask(
      'target',
      {
        label,
        port,
        path: endpoint.streamPath,
        headers: escaped(endpoint.headers ?? ''),
        publishPath: publish.path,
        publishPort: publish.port,
        contentType: publish.contentType,
        before: escaped(publish.before ?? ''),
        between: escaped(publish.between ?? ''),
        after: escaped(publish.after ?? ''),
      },
      0,
    )
    const target = reply['target'] as number
    this.#flights.set(target, endpoint.connectFlight ?? CONNECT_FLIGHT)
    return target
  }

  /** Opens streams, in place of those the target had. */
  async connect(target: number, readers: number, stalledPercent = 0): Promise<Connected> {
    const timeoutMs = 60_000
    const flight = this.#flights.get(target)
    const fields = { target, readers, stalledPercent, flight, timeoutMs }
    return (await this.#ask('connect', fields, timeoutMs)) as unknown as Connected
  }

  async turn(target: number, turn: Turn): Promise<TurnResult> {
    const { pids, block, ...rest } = turn
    const fields = { target, ...rest, pids: pids?.join(','), block: block === true ? 1 : 0 }
    const takesMs = (turn.settleMs ?? 150) + turn.forMs + (turn.drainMs ?? 2_000)
    return (await this.#ask('turn', fields, takesMs)) as unknown as TurnResult
  }

  /** Ends all streams of the target. */
  async close(target: number): Promise<void> {
    await this.#ask('close', { target }, 0)
  }

  async end(): Promise<void> {
    await this.#child.stop()
  }

  async #ask(command: string, fields: Fields, takesMs: number): Promise<Record<string, unknown>> {
    const pairs = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `\t${key}=${value}`)
    this.#child.process.stdin?.write(`${command}${pairs.join('')}\n`)
    const line = await this.#nextLine(takesMs + PATIENCE_MS)
    if (line === undefined) throw new Error(`The generator ended at ${command}: ${this.#child.log}`)
    const reply = JSON.parse(line) as Record<string, unknown>
    if (reply['ok'] !== true)
      throw new Error(`The generator at ${command}: ${String(reply['problem'])}`)
    return reply
  }

  #nextLine(timeoutMs: number): Promise<string | undefined> {
    if (this.#child.hasEnded) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#child.kill(), timeoutMs)
      this.#waiting.push((line) => {
        clearTimeout(timer)
        resolve(line)
      })
    })
  }
}

/** Line ends in the notation of the generator, whose commands are lines. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\r', String.raw`\r`)
    .replaceAll('\n', String.raw`\n`)
}
