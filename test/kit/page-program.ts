import type { ChildProcess } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { hasEnded, killChild, startChild } from './child.ts'
import { freePort } from './free-port.ts'
import { waitFor } from './wait-for.ts'

const START_MS = 90_000

export interface PageProgramOptions {
  /** Where it runs. Default: where it is. */
  readonly directory?: string
  /** What takes the place of 3000. Default: a free one. */
  readonly port?: number
}

/** A program that a page shows, as whoever reads it would run it, but on a free port in place of 3000. */
export class PageProgram {
  readonly port: number
  readonly url: string
  readonly #child: ChildProcess
  readonly #copy: string
  readonly #closed: Promise<number | null>
  #output = ''

  constructor(child: ChildProcess, copy: string, port: number) {
    this.port = port
    this.url = `http://127.0.0.1:${port}`
    this.#child = child
    this.#copy = copy
    // Not `exit`, behind which output may come.
    this.#closed = new Promise((resolve) => child.once('close', resolve))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text))
    }
  }

  static async start(file: string, options: PageProgramOptions = {}): Promise<PageProgram> {
    const { directory = dirname(file), port = await freePort() } = options
    // Beside the original, so that its imports are found.
    const copy = file.replace(/\.ts$/, `.run-${process.pid}.ts`)
    writeFileSync(copy, readFileSync(file, 'utf8').replaceAll('3000', String(port)))
    const flags = ['--conditions=@heartline/source', `--import=${import.meta.resolve('tsx')}`, copy]
    const child = startChild(process.execPath, flags, {
      cwd: directory,
      env: { ...process.env, HEARTLINE_LISTEN: '127.0.0.1:0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    return new PageProgram(child, copy, port)
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output
  }

  /** Resolves when it answers requests; rejects when it ended. */
  async listens(): Promise<void> {
    const answers = async (): Promise<boolean> => {
      if (hasEnded(this.#child)) throw new Error(`It ended: ${this.#output}`)
      const response = await fetch(`${this.url}/nothing`, { method: 'HEAD' }).catch(() => undefined)
      return response !== undefined
    }
    await waitFor(answers, { what: 'the program listens', timeoutMs: START_MS })
  }

  /** Resolves to its exit code. */
  ends(): Promise<number | null> {
    return this.#closed
  }

  /** Kills it, and removes what was written to run it. */
  remove(): void {
    killChild(this.#child)
    rmSync(this.#copy, { force: true })
  }
}
