import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { createParser } from '@heartline/wire'
import { childEnd, killChild, startChild } from '../../kit/child.ts'
import type { ReceivedEvent } from '../../kit/reader.ts'
import { sleep } from '../../kit/wait-for.ts'
import { buildGo, goMissing } from '../go/build.ts'
import { RETRY_MS } from '../servers/server.ts'
import type { InteropClient, InteropReader, StreamTarget } from './client.ts'

const inProcess = { isOurs: false, isInBrowser: false }

/** It speaks HTTP/2 as well as a browser, and shows every comment. */
export const curl: InteropClient = {
  ...inProcess,
  name: 'curl',
  canPost: true,
  open: (target) => Promise.resolve(new CurlLoop(target)),
}

/** `curl`, started again with the last id whenever it ends. */
class CurlLoop implements InteropReader {
  opens = 0
  comments = 0
  #lastEventId = ''
  #isClosed = false
  #child: ChildProcess | undefined
  readonly #target: StreamTarget
  readonly #done: Promise<void>

  constructor(target: StreamTarget) {
    this.#target = target
    this.#done = this.#run()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#child !== undefined) killChild(this.#child)
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      await this.#read()
      await sleep(RETRY_MS / 2)
    }
  }

  async #read(): Promise<void> {
    const child = startChild('curl', this.#arguments(), { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#child = child
    let isOpen = false
    const parser = createParser(
      {
        onComment: () => this.comments++,
        onEvent: ({ type, data, lastEventId }) => {
          this.#lastEventId = lastEventId
          if (!this.#isClosed) this.#target.onEvent({ type, data, id: lastEventId })
        },
      },
      { lastEventId: this.#lastEventId },
    )
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!isOpen) this.opens++
      isOpen = true
      parser.feed(chunk)
    })
    await Promise.all([
      childEnd(child),
      new Promise((resolve) => child.stdout?.once('close', resolve)),
    ])
  }

  #arguments(): string[] {
    const { url, method, body, headers, isHttp2 } = this.#target
    const all = { accept: 'text/event-stream', ...headers }
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
    if (this.#lastEventId !== '') lines.push(`Last-Event-ID: ${this.#lastEventId}`)
    return [
      '-sN',
      '--fail',
      ...(isHttp2 ? ['--http2', '--insecure'] : []),
      ...(method === undefined ? [] : ['-X', method]),
      ...(body === undefined ? [] : ['--data-binary', body]),
      ...lines.flatMap((line) => ['-H', line]),
      url,
    ]
  }
}

/** `go/main.go`, a reader of Go's standard library. */
export const goReader: InteropClient = {
  ...inProcess,
  name: 'Go net/http',
  canPost: false,
  missing: goMissing,
  open: async (target) => new GoReader(await buildGo(), target),
}

class GoReader implements InteropReader {
  opens = 0
  readonly #child: ChildProcess

  constructor(program: string, { url, onEvent }: StreamTarget) {
    this.#child = startChild(program, ['read', url], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (this.#child.stdout === null) throw new Error('The Go reader has no output')
    createInterface(this.#child.stdout).on('line', (line) => {
      if (line === '"open"') this.opens++
      else onEvent(JSON.parse(line) as ReceivedEvent)
    })
  }

  async close(): Promise<void> {
    killChild(this.#child)
    await childEnd(this.#child)
  }
}
