import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { childEnd, hasEnded, killChild, startChild } from './child.ts'
import { freePort } from './free-port.ts'
import { memoryUse, type MemoryUse } from './memory-use.ts'
import { waitFor } from './wait-for.ts'

const PACKAGE = fileURLToPath(new URL('../../packages/server/', import.meta.url))
const PROGRAM = `${PACKAGE}bin/heartline.js`
const BUILT = `${PACKAGE}dist/main.js`
const KEPT_OUTPUT = 65_536
const START_MS = 60_000

export interface HubProcessOptions {
  /** `memory` or `disk:DIRECTORY`. Default `memory`. */
  readonly store?: string | undefined
  /** Further flags of `heartline serve`. */
  readonly flags?: readonly string[] | undefined
  /** Default: a free one. */
  readonly port?: number | undefined
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Put before the program: a command that runs another one in its own place. */
  readonly prefix?: readonly string[] | undefined
  /** Options of Node itself. */
  readonly nodeFlags?: readonly string[] | undefined
}

/** Starts the real program and resolves once it said that it accepts connections. */
export async function startHub(options: HubProcessOptions = {}): Promise<HubProcess> {
  if (!existsSync(BUILT)) {
    throw new Error('The program is not built. Run `npm run build` (or `npx tsc -b`) first.')
  }
  const hub = new HubProcess(options, options.port ?? (await freePort()))
  await hub.start()
  return hub
}

/** The real hub as a child process, always on the same port and store. */
export class HubProcess {
  readonly port: number
  readonly url: string
  /** Every process start, the first one included. */
  starts = 0
  readonly #options: HubProcessOptions
  #child: ChildProcess | undefined
  #isStopped = false
  #output = ''
  #errors = ''

  constructor(options: HubProcessOptions, port: number) {
    this.#options = options
    this.port = port
    this.url = `http://127.0.0.1:${port}`
  }

  get pid(): number {
    return this.#current().pid as number
  }

  /** What it wrote on stdout since its last start. */
  get output(): string {
    return this.#output
  }

  /** The end of what it wrote on stderr since its last start. */
  get errors(): string {
    return this.#errors
  }

  get isRunning(): boolean {
    return this.#child !== undefined && !hasEnded(this.#child)
  }

  get ended(): Promise<number | string> {
    return childEnd(this.#current())
  }

  /** Starts it, or starts it again after `kill` or `terminate`. */
  async start(): Promise<void> {
    // A program that failed stops the hub while its killing loop may still be at work.
    if (this.#isStopped) throw new Error('The hub was stopped for good')
    this.#output = ''
    this.#errors = ''
    this.starts++
    const [command = '', ...args] = [
      ...(this.#options.prefix ?? []),
      process.execPath,
      ...this.#arguments(),
    ]
    const child = startChild(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#options.environment },
    })
    this.#child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT)
    })
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-KEPT_OUTPUT)
    })
    await waitFor(() => /listening on http/.test(this.#output) || hasEnded(child), {
      what: 'the hub says its address',
      timeoutMs: START_MS,
      report: () => this.#errors,
    })
    if (hasEnded(child)) throw new Error(`The hub ended while starting: ${this.#errors}`)
  }

  #arguments(): string[] {
    const { nodeFlags = [], flags = [], store = 'memory' } = this.#options
    const listen = `127.0.0.1:${this.port}`
    return [...nodeFlags, PROGRAM, 'serve', '--listen', listen, '--store', store, ...flags]
  }

  /** `kill -9`: resolves once the process is gone. */
  async kill(): Promise<void> {
    const child = this.#current()
    killChild(child)
    await childEnd(child)
  }

  /** Asks it to leave in good order (SIGTERM) and resolves with its exit code. */
  async terminate(): Promise<number | string> {
    const child = this.#current()
    child.kill('SIGTERM')
    return childEnd(child)
  }

  /** `kill -9`, then a new start on the same port and store. */
  async killAndRestart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  memory(): MemoryUse {
    return memoryUse(this.pid)
  }

  /** Ends it for good, whatever state it is in. */
  async stop(): Promise<void> {
    this.#isStopped = true
    if (this.#child !== undefined) await this.kill()
  }

  #current(): ChildProcess {
    if (this.#child === undefined) throw new Error('The hub was not started')
    return this.#child
  }
}
