import type { ChildProcess } from 'node:child_process'
import { createParser } from '@heartline/wire'
import { childEnd, killChild, startChild } from './child.ts'
import type { Reader, ReaderHandler } from './reader.ts'

const RETRY_MS = 200

/** `curl -sN`, started again with `-H 'Last-Event-ID: ...'` whenever it ends. */
export class CurlReader implements Reader {
  readonly name = 'curl'
  connects = 0
  lastEventId = ''
  readonly #url: string
  readonly #handler: ReaderHandler
  #child: ChildProcess
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(url: string, handler: ReaderHandler) {
    this.#url = url
    this.#handler = handler
    this.#child = this.#start()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    killChild(this.#child)
    await childEnd(this.#child)
  }

  #start(): ChildProcess {
    const resume = this.lastEventId === '' ? [] : ['-H', `Last-Event-ID: ${this.lastEventId}`]
    const child = startChild('curl', ['-sN', '--fail', ...resume, this.#url], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let isOpen = false
    const parser = createParser(
      {
        onEvent: ({ type, data, lastEventId }) => {
          this.lastEventId = lastEventId
          this.#handler.onEvent({ type, data, id: lastEventId })
        },
      },
      { lastEventId: this.lastEventId },
    )
    child.stdout?.on('data', (chunk: Buffer) => {
      if (!isOpen) this.connects++
      isOpen = true
      parser.feed(chunk)
    })
    // `close` comes after the last byte was read, `exit` may come before it.
    child.once('close', () => this.#ended())
    return child
  }

  #ended(): void {
    if (this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#child = this.#start()
    }, RETRY_MS)
  }
}
