import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import { KEEP_ALIVE_MS } from '../http/deadlines.ts'

/** An answer of the door itself. */
export interface DoorAnswer {
  /** See `answerHead`. */
  readonly head: string
  readonly body: string
}

const KEEP_ALIVE = `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1000}\r\n\r\n`

/** Status line and headers, in the order given, without those that `answerText` adds. */
export function answerHead(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}`
}

/** The bytes of an answer on a connection that stays open, as node:http would send them. */
export function answerText({ head, body }: DoorAnswer): string {
  const length = Buffer.byteLength(body)
  return `${head}content-length: ${length}\r\n${dateLine(Date.now())}${KEEP_ALIVE}${body}`
}

let date = ''
let dateSecond = -1

/** Made once a second: it stands in every answer. */
function dateLine(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    date = `Date: ${new Date(nowMs).toUTCString()}\r\n`
  }
  return date
}
