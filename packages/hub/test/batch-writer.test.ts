import { Buffer } from 'node:buffer'
import {
  createSession,
  type Session,
  type Transport,
  type TransportListener,
} from '@heartline/session'
import { beforeEach, describe, expect, it } from 'vitest'
import { BatchWriter, type BatchSender } from '../src/batch-writer.ts'

/** A socket: what came to it in which order, past the session or through it. */
class Wire implements Transport {
  readonly framing = 'raw'
  readonly protocol = 'http/1.1'
  readonly remoteAddress = undefined
  readonly over = false
  readonly fd: number | undefined
  text = ''
  /** Bytes that it takes before it blocks. */
  room = Infinity
  listener: TransportListener | undefined

  constructor(fd: number | undefined) {
    this.fd = fd
  }

  listen(listener: TransportListener): void {
    this.listener = listener
  }

  /** As the kernel: a part, or nothing. */
  take(bytes: Uint8Array): number {
    const taken = Math.min(this.room, bytes.length)
    this.text += Buffer.from(bytes.subarray(0, taken)).toString()
    this.room -= taken
    return taken === 0 ? -11 : taken
  }

  /** What does not go out at once is kept, as the runtime does. */
  write(bytes: Uint8Array): boolean {
    const isWhole = this.room >= bytes.length
    this.text += Buffer.from(bytes).toString()
    this.room = Math.max(0, this.room - bytes.length)
    return isWhole
  }

  end(): void {
    this.text += '|'
  }

  destroy(): void {}
}

/** Sends to wires by their descriptors. */
class WireSender implements BatchSender {
  readonly results: Int32Array
  readonly #wires: readonly Wire[]
  readonly #sends: { wire: Wire; bytes: Uint8Array }[] = []
  readonly capacity: number
  submissions = 0
  /** No more than so many bytes in one batch. */
  roomBytes = Infinity

  constructor(wires: readonly Wire[], capacity: number) {
    this.#wires = wires
    this.capacity = capacity
    this.results = new Int32Array(capacity)
  }

  get count(): number {
    return this.#sends.length
  }

  add(fd: number, bytes: Uint8Array): boolean {
    const wire = this.#wires.find((one) => one.fd === fd)
    if (wire === undefined || bytes.length > this.roomBytes) return false
    this.#sends.push({ wire, bytes })
    return true
  }

  submit(): number {
    const sends = this.#sends.splice(0)
    for (const [i, { wire, bytes }] of sends.entries()) this.results[i] = wire.take(bytes)
    this.submissions++
    return sends.length
  }
}

describe('A batch writer', () => {
  let wires: Wire[]
  let sessions: Session[]
  let sender: WireSender
  let writer: BatchWriter

  function open(fds: readonly (number | undefined)[], capacity = 8): void {
    wires = fds.map((fd) => new Wire(fd))
    sessions = wires.map((wire) => createSession(wire))
    for (const wire of wires) wire.text = ''
    sender = new WireSender(wires, capacity)
    writer = new BatchWriter(sender)
  }

  function write(index: number, text: string): boolean {
    const session = sessions[index]
    if (session === undefined) throw new Error('no such session')
    return writer.write(session, Buffer.from(text))
  }

  beforeEach(() => open([3, 4, 5]))

  it('sends nothing before it is flushed, and then all in one submission', () => {
    for (const index of [0, 1, 2]) expect(write(index, `to ${index}`)).toBe(true)
    expect(wires.map(({ text }) => text)).toEqual(['', '', ''])
    writer.flush()
    expect(wires.map(({ text }) => text)).toEqual(['to 0', 'to 1', 'to 2'])
    expect(sender.submissions).toBe(1)
  })

  it('sends a full batch before it takes more', () => {
    open([3, 4, 5], 2)
    for (const index of [0, 1, 2]) write(index, 'x')
    expect(wires.map(({ text }) => text)).toEqual(['x', 'x', ''])
    writer.flush()
    expect(wires[2]?.text).toBe('x')
  })

  it('writes to sessions that cannot take part through themselves', () => {
    open([undefined, 4])
    write(0, 'a')
    write(1, 'b')
    expect(wires[0]?.text).toBe('a')
    writer.flush()
    expect(wires[1]?.text).toBe('b')
  })

  it('keeps the order of two writes to one session', () => {
    write(0, 'first ')
    write(1, 'other')
    write(0, 'second ')
    write(0, 'third')
    writer.flush()
    expect(wires[0]?.text).toBe('first second third')
    expect(wires[1]?.text).toBe('other')
  })

  it('lets what the kernel did not take follow through the session, which is blocked then', () => {
    if (wires[1] !== undefined) wires[1].room = 3
    for (const index of [0, 1, 2]) write(index, 'abcdef')
    writer.flush()
    expect(wires.map(({ text }) => text)).toEqual(['abcdef', 'abcdef', 'abcdef'])
    expect(sessions.map(({ isBlocked }) => isBlocked)).toEqual([false, true, false])
    wires[1]?.listener?.onWritable()
    expect(sessions[1]?.isBlocked).toBe(false)
  })

  it('takes nothing more for a session that its own batch blocked', () => {
    if (wires[0] !== undefined) wires[0].room = 2
    expect(write(0, 'abcd')).toBe(true)
    expect(write(0, 'efgh')).toBe(false)
    expect(wires[0]?.text).toBe('abcd')
    expect(sessions[0]?.isBlocked).toBe(true)
  })

  it('writes what the sender has no room for itself, after what it holds', () => {
    sender.roomBytes = 4
    write(0, 'abc')
    write(1, 'too long')
    expect(wires.map(({ text }) => text)).toEqual(['abc', 'too long', ''])
  })

  it('writes to each session alone without a sender', () => {
    writer = new BatchWriter(undefined)
    write(0, 'x')
    expect(wires[0]?.text).toBe('x')
    writer.flush()
  })
})
