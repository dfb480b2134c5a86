import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { isRunning, markProcesses, processTree } from './process-tree.ts'

const LOG_BYTES = 4_000
const STOP_MS = 5_000
const SETPRIV = '/usr/bin/setpriv'
const TASKSET = '/usr/bin/taskset'

const running = new Set<Child>()

export interface ChildOptions {
  /** The processor core it may use. Unset: any. */
  readonly core?: number | undefined
  readonly cwd?: string | undefined
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Whether stdin and stdout are pipes of the caller. Otherwise both outputs go to `log`. */
  readonly piped?: boolean | undefined
}

/**
 * A program that ends, with all it started, at the latest when this process does, also by Ctrl-C.
 * Where setpriv exists, the program itself ends even by `kill -9` of this process.
 */
export class Child {
  readonly process: ChildProcess
  /** The end of what it printed. */
  log = ''
  readonly #ended: Promise<void>

  constructor(command: readonly string[], options: ChildOptions = {}) {
    const [program = '', ...args] = [...wrappers(options.core), ...command]
    this.process = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      detached: true,
      stdio: [options.piped === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    })
    running.add(this)
    this.#ended = new Promise((resolve) => {
      this.process.once('exit', () => resolve())
      this.process.once('error', (error) => {
        this.#keep(error.message)
        resolve()
      })
    })
    void this.#ended.then(() => running.delete(this))
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    if (options.piped !== true) {
      this.process.stdout?.setEncoding('utf8').on('data', (text: string) => this.#keep(text))
    }
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  get hasEnded(): boolean {
    return !running.has(this)
  }

  /** Resolves when the program is gone. */
  get ended(): Promise<void> {
    return this.#ended
  }

  /** Asks it to end, and kills it when it takes longer than five seconds. */
  async stop(): Promise<void> {
    if (this.hasEnded) return
    const family = markProcesses(processTree(this.pid))
    this.process.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), STOP_MS)
    await this.#ended
    clearTimeout(timer)
    // What it started and left behind; some programs put theirs into process groups of their own.
    for (const mark of family) if (isRunning(mark)) killNow(mark.pid)
  }

  /** Ends it and everything it started, without a chance to clear up. */
  kill(): void {
    if (this.hasEnded) return
    for (const pid of processTree(this.pid)) killNow(pid)
  }

  #keep(text: string): void {
    this.log = (this.log + text).slice(-LOG_BYTES)
  }
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** Prefixes that become the program itself: its pid is theirs. */
function wrappers(core: number | undefined): string[] {
  const result: string[] = []
  if (existsSync(SETPRIV)) result.push(SETPRIV, '--pdeathsig', 'KILL')
  if (core !== undefined && existsSync(TASKSET)) result.push(TASKSET, '-c', String(core))
  return result
}

process.once('exit', () => {
  for (const child of running) child.kill()
})

/** Lets a signal end this process, and everything it started, with the exit code shells expect. */
export function endOnSignals(): void {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    process.once(signal, () => process.exit(code))
  }
}
