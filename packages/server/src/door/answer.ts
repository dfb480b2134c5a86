import { Buffer } from 'node:buffer'
import { STATUS_CODES } from 'node:http'
import { KEEP_ALIVE_MS } from '../http/deadlines.ts'

/** An answer of the door itself. */
export interface DoorAnswer {
  readonly status: number
  /** In the order in which they are sent. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const KEEP_ALIVE = `Connection: keep-alive\r\nKeep-Alive: timeout=${KEEP_ALIVE_MS / 1000}\r\n\r\n`

/** The bytes of an answer on a connection that stays open, as node:http would send them. */
export function answerText({ status, headers, body }: DoorAnswer): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  for (const name in headers) head += `${name}: ${headers[name]}\r\n`
  const length = Buffer.byteLength(body)
  return `${head}content-length: ${length}\r\nDate: ${httpDate(Date.now())}\r\n${KEEP_ALIVE}${body}`
}

let dateText = ''
let dateSecond = -1

/** Made once a second: it stands in every answer. */
function httpDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    dateText = new Date(nowMs).toUTCString()
  }
  return dateText
}
