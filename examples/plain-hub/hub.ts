import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

const HEARTLINE = fileURLToPath(import.meta.resolve('heartline/package.json')).replace(
  'package.json',
  'bin/heartline.js',
)
const START_MS = 60_000

/** `heartline serve`, as its own process, with its log on disk. */
export class Hub {
  readonly url: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined

  constructor(port: number, folder: string) {
    this.url = `http://127.0.0.1:${port}`
    this.#args = ['serve', '--listen', `127.0.0.1:${port}`, '--store', `disk:${folder}`]
  }

  /** Starts it, on the log that is there, and waits until it is able to deliver. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [HEARTLINE, ...this.#args], { stdio: 'ignore' })
    this.#child = child
    process.once('exit', () => child.kill('SIGKILL'))
    const end = Date.now() + START_MS
    while (!(await this.#isReady())) {
      if (Date.now() > end || child.exitCode !== null) throw new Error('The hub does not start')
      await new Promise((done) => setTimeout(done, 50))
    }
  }

  /** Ends it as a power cut would. */
  async crash(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Lets it tell its readers, and ends it. Answers the exit code. */
  async stop(): Promise<number | null> {
    await this.#end('SIGTERM')
    return this.#child?.exitCode ?? null
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  async #isReady(): Promise<boolean> {
    const answer = await fetch(`${this.url}/readyz`).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok === true
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
