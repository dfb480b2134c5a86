import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'

const START_MS = 60_000
const END_MS = 15_000

/** A server as its own process, as you would run it. */
export class Program {
  readonly #child: ChildProcess
  #output = ''

  constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    }
    const kill = (): void => this.kill()
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
  }

  /** Starts it, by default on a free port, and waits until it says where it listens. */
  static async start(file: string, port = 0): Promise<Program> {
    const flags = ['--conditions=@heartline/source', '--import=tsx', file]
    const child = spawn(process.execPath, flags, {
      cwd: dirname(file),
      env: { ...process.env, PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const program = new Program(child)
    await program.#settled(() => program.url !== undefined || program.#hasEnded, START_MS)
    if (program.url === undefined) {
      program.kill()
      throw new Error(`It does not listen: ${program.#output}`)
    }
    return program
  }

  get url(): string | undefined {
    return /listening on (http:\/\/[\w.:]+)/i.exec(this.#output)?.[1]
  }

  get output(): string {
    return this.#output
  }

  /** Asks it to end, as an orchestrator does. Answers the exit code, or why there is none. */
  async stop(): Promise<number | string> {
    const ended = this.#hasEnded ? undefined : once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), END_MS)
    await ended
    clearTimeout(timer)
    return this.#child.exitCode ?? this.#child.signalCode ?? 'unknown'
  }

  /** Ends it as a crash would. */
  kill(): void {
    if (!this.#hasEnded) this.#child.kill('SIGKILL')
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async #settled(condition: () => boolean, limitMs: number): Promise<void> {
    const end = Date.now() + limitMs
    while (!condition() && Date.now() < end) await new Promise((done) => setTimeout(done, 20))
  }
}
