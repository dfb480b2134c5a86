import { endianness } from 'node:os'
import { keyOfKernelHex } from './tcp-address.ts'

/**
 * What the kernel waits for. `retransmit`: the peer acknowledged nothing of what was sent again.
 * `probe`: the peer took no more, and does not answer the question whether it does by now.
 */
export type Waiting = 'retransmit' | 'probe'

/** An open connection whose peer has not answered the kernel for the moment. */
export interface Unanswered {
  readonly localPort: number
  readonly remotePort: number
  /** As `addressKey` writes it. */
  readonly localAddress: string
  /** As `addressKey` writes it. */
  readonly remoteAddress: string
  readonly waiting: Waiting
  /** What was sent in vain: retransmissions, or probes. At least 1. */
  readonly attempts: number
  /** Bytes that were written and not acknowledged. At least 1. */
  readonly unacknowledgedBytes: number
  /** For how long nothing was acknowledged, at least, in milliseconds. 0 where it is not known. */
  readonly silentMs: number
}

/** Called for each line that matters. */
export type Visit = (line: Unanswered) => void

const LINE_FEED = 10
const COLON = 58
const SPACE = 32
const ZERO = 48
const ONE = 49
const FOUR = 52
const EIGHT = 56
/** The row number: at least 4 characters, more digits beyond 9,999. */
const MAX_ROW = 12
const IPV4_DIGITS = 8
const IPV6_DIGITS = 32
/** From the begin of the local address, for addresses without length: add two of them. */
const STATE = 12
const TX_QUEUE = 15
const TIMER = 33
const RETRANSMITS = 45
const UID = 54
const ADDRESSES = /^[0-9a-f]+$/
/** The kernel tells times in hundredths of a second, on every machine. */
const TICK_MS = 10
const LITTLE_ENDIAN = endianness() === 'LE'

/**
 * Looks through whole lines of `/proc/net/tcp` or `/proc/net/tcp6` and answers how many bytes they
 * were: the rest is the begin of a line whose end was not read yet. Most lines are left after one
 * byte, the kind of timer that runs; text is made only of those that matter. What does not look
 * like a line is passed over.
 *
 * The columns are those of `get_tcp4_sock` and `get_tcp6_sock` in the kernel:
 * `sl: local:port remote:port st tx_queue:rx_queue tr:when retrnsmt uid timeout inode …`
 */
export function scanTcpTable(bytes: Uint8Array, end: number, visit: Visit): number {
  let start = 0
  for (;;) {
    const lineEnd = bytes.indexOf(LINE_FEED, start)
    if (lineEnd === -1 || lineEnd >= end) return start
    scanLine(bytes, start, lineEnd, visit)
    start = lineEnd + 1
  }
}

function scanLine(bytes: Uint8Array, start: number, end: number, visit: Visit): void {
  const local = firstColumn(bytes, start)
  const digits = bytes[local + IPV4_DIGITS] === COLON ? IPV4_DIGITS : IPV6_DIGITS
  const base = local + 2 * digits
  const timer = bytes[base + TIMER + 1]
  if (timer !== ONE && timer !== FOUR) return
  if (local === -1 || base + UID > end || !isLine(bytes, local, digits)) return
  const unacknowledgedBytes = hex(bytes, base + TX_QUEUE, 8)
  const attempts =
    timer === ONE ? hex(bytes, base + RETRANSMITS, 8) : unansweredProbes(bytes, base + UID, end)
  // Negated: what is not a number must not pass.
  if (!(attempts > 0 && unacknowledgedBytes > 0)) return
  const remote = local + digits + 6
  const line: Unanswered = {
    localPort: hex(bytes, local + digits + 1, 4),
    remotePort: hex(bytes, remote + digits + 1, 4),
    localAddress: addressAt(bytes, local, digits),
    remoteAddress: addressAt(bytes, remote, digits),
    waiting: timer === ONE ? 'retransmit' : 'probe',
    attempts,
    unacknowledgedBytes,
    silentMs: timer === ONE ? silence(bytes, base + UID, end, attempts) : 0,
  }
  const isWhole = !Number.isNaN(line.localPort + line.remotePort)
  if (isWhole && ADDRESSES.test(line.localAddress + line.remoteAddress)) visit(line)
}

/** Where the local address begins, or -1. */
function firstColumn(bytes: Uint8Array, start: number): number {
  let at = start
  while (bytes[at] === SPACE) at++
  while (at < start + MAX_ROW && isDigit(bytes[at])) at++
  return bytes[at] === COLON && bytes[at + 1] === SPACE ? at + 2 : -1
}

/** Separators where they belong, and a connection whose reader can be told something. */
function isLine(bytes: Uint8Array, local: number, digits: number): boolean {
  const base = local + 2 * digits
  const isOpen =
    bytes[base + STATE] === ZERO &&
    // ESTABLISHED, or CLOSE_WAIT: the reader said that it sends nothing more.
    (bytes[base + STATE + 1] === ONE || bytes[base + STATE + 1] === EIGHT)
  return (
    isOpen &&
    bytes[local + digits] === COLON &&
    bytes[local + digits + 5] === SPACE &&
    bytes[base + 6] === COLON &&
    bytes[base + STATE - 1] === SPACE &&
    bytes[base + TX_QUEUE - 1] === SPACE &&
    bytes[base + TX_QUEUE + 8] === COLON &&
    bytes[base + TIMER - 1] === SPACE &&
    bytes[base + TIMER] === ZERO &&
    bytes[base + TIMER + 2] === COLON &&
    bytes[base + RETRANSMITS - 1] === SPACE &&
    bytes[base + UID - 1] === SPACE
  )
}

/** The column `timeout`, behind the user id; both as wide as their number. NaN when not there. */
function unansweredProbes(bytes: Uint8Array, uid: number, end: number): number {
  return numberAt(bytes, column(bytes, uid, end, 1), end)
}

/**
 * The timeout of a retransmission doubles with each: all those that ran out make up the present one,
 * but for the first. A kernel that doubles less often was silent for longer, not shorter.
 */
function silence(bytes: Uint8Array, uid: number, end: number, attempts: number): number {
  const timeout = numberAt(bytes, column(bytes, uid, end, 5), end) * TICK_MS
  return Number.isNaN(timeout) ? 0 : timeout * (1 - 0.5 ** attempts)
}

/** Where the n-th column behind the user id begins: timeout, inode, references, address, rto. */
function column(bytes: Uint8Array, uid: number, end: number, count: number): number {
  let at = skip(bytes, uid, end, isSpace)
  for (let n = 0; n < count; n++) {
    at = skip(bytes, at, end, isNoSpace)
    at = skip(bytes, at, end, isSpace)
  }
  return at
}

/** NaN when there is none. */
function numberAt(bytes: Uint8Array, at: number, end: number): number {
  const after = skip(bytes, at, end, isDigit)
  return after === at || bytes[after] !== SPACE ? Number.NaN : decimal(bytes, at, after)
}

function skip(
  bytes: Uint8Array,
  from: number,
  end: number,
  what: (byte: number | undefined) => boolean,
): number {
  let at = from
  while (at < end && what(bytes[at])) at++
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE
}

function isNoSpace(byte: number | undefined): boolean {
  return byte !== SPACE
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 57
}

function decimal(bytes: Uint8Array, from: number, end: number): number {
  let value = 0
  for (let at = from; at < end; at++) value = value * 10 + (bytes[at] ?? 0) - ZERO
  return value
}

/** NaN when one of them is no digit. */
function hex(bytes: Uint8Array, from: number, digits: number): number {
  let value = 0
  for (let at = from; at < from + digits; at++) value = value * 16 + hexDigit(bytes[at] ?? 0)
  return value
}

/** The kernel prints upper case. */
function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= 57) return byte - ZERO
  return byte >= 65 && byte <= 70 ? byte - 55 : Number.NaN
}

function addressAt(bytes: Uint8Array, from: number, digits: number): string {
  const text = String.fromCharCode(...bytes.subarray(from, from + digits))
  return keyOfKernelHex(text, LITTLE_ENDIAN)
}
