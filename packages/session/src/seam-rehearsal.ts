import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import type { Pair } from './seam-stage.ts'
import { SocketTransport, type SocketTerms } from './socket-transport.ts'
import type { CloseCause, TransportListener } from './transport.ts'

/** A prime, so that no two blocks look alike and a lost or doubled one shows. */
const PERIOD = 65_521
const BLOCK_BYTES = 65_536
/** More than any system takes for a reader that does not read. */
const MAX_BLOCKS = 1_024
const LAST_BYTES = 5

/** Byte n of the stream is byte n mod PERIOD of this. */
const PATTERN = Buffer.allocUnsafe(PERIOD + BLOCK_BYTES)
let isPatternMade = false

function pattern(): Buffer {
  if (isPatternMade) return PATTERN
  isPatternMade = true
  for (let i = 0; i < PATTERN.length; i++) PATTERN[i] = ((i % PERIOD) * 31) >>> 3
  return PATTERN
}

/** What went wrong, in a few words; undefined = nothing. */
export type Finding = string | undefined

/** The way to write that is tried. */
export type Way = Pick<SocketTerms, 'handle' | 'keeper' | 'onFree'>

/** A stream to a reader that stalls: what a session would do, without the session. */
class Rehearsal implements TransportListener {
  readonly transport: SocketTransport
  readonly peer: Socket
  #sent = 0
  #writable = 0
  #causes: CloseCause[] = []
  #wake: () => void = () => {}

  constructor(pair: Pair, way: Way) {
    this.peer = pair.peer
    this.peer.pause()
    this.transport = new SocketTransport(pair.ours, { head: '', ...way })
    this.transport.listen(this)
  }

  /** Writes until the kernel takes no more. */
  fill(): Finding {
    for (let block = 0; block < MAX_BLOCKS; block++) {
      if (!this.writeOne(BLOCK_BYTES)) return undefined
    }
    return 'the kernel takes everything'
  }

  writeOne(bytes: number): boolean {
    const from = this.#sent % PERIOD
    this.#sent += bytes
    return this.transport.write(pattern().subarray(from, from + bytes))
  }

  get sent(): number {
    return this.#sent
  }

  get writable(): number {
    return this.#writable
  }

  get causes(): string {
    return this.#causes.join()
  }

  /** Resolves at the next thing the transport tells. */
  told(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve))
  }

  onWritable(): void {
    this.#writable++
    this.#wake()
  }

  onTransportClosed(cause: CloseCause): void {
    this.#causes.push(cause)
    this.#wake()
  }
}

/** A reader that stalls, then reads all: every byte arrives once, in order, and then the end. */
export async function stallAndRead(pair: Pair, way: Way): Promise<Finding> {
  const rehearsal = new Rehearsal(pair, way)
  if (!rehearsal.writeOne(10)) return 'a small write was not taken at once'
  const full = rehearsal.fill()
  if (full !== undefined) return full
  const told = rehearsal.told()
  const read = readAll(rehearsal.peer)
  await told
  if (rehearsal.writable !== 1) return 'the end of a partial write was not told once'
  while (!rehearsal.writeOne(10)) await rehearsal.told()
  rehearsal.transport.end()
  const { bytes, isSame } = await read
  if (rehearsal.causes === '') await rehearsal.told()
  if (bytes !== rehearsal.sent + LAST_BYTES) return 'bytes were lost or doubled'
  if (!isSame) return 'bytes came in another order'
  return rehearsal.causes === 'finished' ? undefined : 'the end was not told once'
}

/** A reader that resets the connection while a write waits. */
export async function resetWhileWaiting(pair: Pair, way: Way): Promise<Finding> {
  const rehearsal = new Rehearsal(pair, way)
  const full = rehearsal.fill()
  if (full !== undefined) return full
  const told = rehearsal.told()
  rehearsal.peer.resetAndDestroy()
  await told
  await nextTurn()
  return expectOnly(rehearsal, 'disconnected')
}

/** Writing to a reader that has just reset the connection. */
export async function writeAfterReset(pair: Pair, way: Way): Promise<Finding> {
  const rehearsal = new Rehearsal(pair, way)
  const told = rehearsal.told()
  rehearsal.peer.resetAndDestroy()
  while (rehearsal.causes === '' && rehearsal.writeOne(10)) await nextTurn()
  if (rehearsal.causes === '') await told
  return expectOnly(rehearsal, 'disconnected')
}

/** Cutting the connection while a write waits. */
export async function cutWhileWaiting(pair: Pair, way: Way): Promise<Finding> {
  const rehearsal = new Rehearsal(pair, way)
  const full = rehearsal.fill()
  if (full !== undefined) return full
  const told = rehearsal.told()
  rehearsal.transport.destroy()
  await told
  await nextTurn()
  return expectOnly(rehearsal, 'disconnected')
}

/** A reader that sends another request, which ends the stream. */
export async function speak(pair: Pair, way: Way): Promise<Finding> {
  const rehearsal = new Rehearsal(pair, way)
  if (!rehearsal.writeOne(10)) return 'a small write was not taken at once'
  const told = rehearsal.told()
  rehearsal.peer.write('GET')
  await told
  await nextTurn()
  return expectOnly(rehearsal, 'error')
}

/** A reader that sends nothing more: it has left. */
export async function leave(pair: Pair, way: Way): Promise<Finding> {
  const rehearsal = new Rehearsal(pair, way)
  if (!rehearsal.writeOne(10)) return 'a small write was not taken at once'
  const told = rehearsal.told()
  rehearsal.peer.end()
  await told
  await nextTurn()
  return expectOnly(rehearsal, 'disconnected')
}

/** A connection that carries something else after the stream. */
export async function reuse(pair: Pair, way: Way): Promise<Finding> {
  let free: Socket | undefined
  const rehearsal = new Rehearsal(pair, { ...way, onFree: (socket) => (free = socket) })
  if (!rehearsal.writeOne(10)) return 'a small write was not taken at once'
  rehearsal.transport.end()
  if (free === undefined) return 'the connection was not given back'
  const { peer } = rehearsal
  free.on('data', (chunk: Buffer) => free?.end(chunk))
  peer.write('echo')
  let text = ''
  peer.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  peer.resume()
  await new Promise((resolve) => peer.once('end', resolve))
  peer.end()
  await new Promise((resolve) => free?.once('close', resolve))
  return text.endsWith('0\r\n\r\necho') ? undefined : 'the connection cannot be used again'
}

function expectOnly(rehearsal: Rehearsal, cause: CloseCause): Finding {
  if (rehearsal.writable > 0) return 'a write was told as taken that never was'
  return rehearsal.causes === cause ? undefined : `the close was told as "${rehearsal.causes}"`
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function readAll(peer: Socket): Promise<{ bytes: number; isSame: boolean }> {
  let bytes = 0
  let isSame = true
  let pending: Buffer = Buffer.alloc(0)
  const take = (chunk: Buffer): void => {
    // The last bytes are not of the pattern: they are held back until more comes.
    const all = Buffer.concat([pending, chunk])
    pending = all.subarray(Math.max(0, all.length - LAST_BYTES))
    const body = all.subarray(0, all.length - pending.length)
    isSame &&= isPattern(body, bytes)
    bytes += body.length
  }
  return new Promise((resolve) => {
    peer.on('data', take)
    peer.on('close', () => {
      isSame &&= pending.toString('latin1') === '0\r\n\r\n'
      resolve({ bytes: bytes + pending.length, isSame })
    })
    peer.resume()
  })
}

function isPattern(bytes: Buffer, at: number): boolean {
  for (let done = 0; done < bytes.length;) {
    const from = (at + done) % PERIOD
    const length = Math.min(bytes.length - done, BLOCK_BYTES)
    const part = bytes.subarray(done, done + length)
    if (part.compare(pattern(), from, from + length) !== 0) return false
    done += length
  }
  return true
}
