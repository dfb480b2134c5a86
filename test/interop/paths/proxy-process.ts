import { spawnSync, type ChildProcess } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { childEnd, hasEnded, killChild, startChild } from '../../kit/child.ts'
import { makeTempDirectory, removeTempDirectory } from '../../kit/temp-directory.ts'
import { waitFor } from '../../kit/wait-for.ts'

export interface ProxyOptions {
  /** Where it listens. */
  readonly port: number
  /** Its configuration, and what stands in the place of each name in it. */
  readonly template: URL
  readonly values: Readonly<Record<string, string>>
  readonly command: (directory: string, file: string) => readonly string[]
}

/** A proxy of Debian as a child process, in one process that can be killed. */
export class ProxyProcess {
  readonly directory: string = makeTempDirectory()
  readonly #options: ProxyOptions
  readonly #file: string
  #child: ChildProcess | undefined
  #said = ''

  constructor(options: ProxyOptions) {
    this.#options = options
    this.#file = join(this.directory, 'proxy.conf')
    writeFileSync(this.#file, fill(options))
  }

  async start(): Promise<void> {
    const [command = '', ...args] = this.#options.command(this.directory, this.#file)
    const child = startChild(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#said = `${this.#said}${text.toString()}`.slice(-4000)
      })
    }
    const accepts = async (): Promise<boolean> =>
      hasEnded(child) || (await accepting(this.#options.port))
    await waitFor(accepts, { what: `${command} listens`, report: () => this.#said })
    if (hasEnded(child)) throw new Error(`${command} ended: ${this.#said}`)
  }

  async killAndRestart(): Promise<void> {
    await this.#kill()
    await this.start()
  }

  async close(): Promise<void> {
    await this.#kill()
    removeTempDirectory(this.directory)
  }

  async #kill(): Promise<void> {
    if (this.#child === undefined) return
    killChild(this.#child)
    await childEnd(this.#child)
  }
}

export async function startProxy(options: ProxyOptions): Promise<ProxyProcess> {
  const proxy = new ProxyProcess(options)
  await proxy.start()
  return proxy
}

/** Undefined when it is installed, else a sentence for a person. */
export function programMissing(name: string): string | undefined {
  // Debian keeps them where only root looks.
  process.env['PATH'] = withSbin(process.env['PATH'] ?? '')
  const { error } = spawnSync(name, ['-v'], { stdio: 'ignore' })
  return error === undefined
    ? undefined
    : `${name} is missing: install Debian’s ${name} (apt-get install ${name})`
}

function withSbin(path: string): string {
  return path.split(':').includes('/usr/sbin') ? path : `${path}:/usr/sbin`
}

function fill({ template, values }: ProxyOptions): string {
  const names = new RegExp(`\\b(${Object.keys(values).join('|')})(?=\\b|ms)`, 'g')
  return readFileSync(template, 'utf8').replace(names, (name) => values[name] ?? name)
}

function accepting(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
