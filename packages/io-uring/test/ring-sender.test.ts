import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { HeartlineError } from '@heartline/wire'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRingSender, type RingSender } from '../src/index.ts'
import { Ring } from '../src/ring.ts'
import { loadSystemCalls, type SystemCalls } from '../src/system-calls.ts'

/** Containers often forbid it: the package then has to say so, and that is all there is to test. */
const opened: RingSender | HeartlineError = await openRingSender().catch((error: unknown) => {
  if (error instanceof HeartlineError) return error
  throw error
})

const EBADF = -9

describe.skipIf(!(opened instanceof HeartlineError))('where io_uring cannot be used', () => {
  it('says why', () => {
    expect(opened).toMatchObject({ code: 'HL_IO_URING_UNAVAILABLE' })
  })
})

describe.skipIf(opened instanceof HeartlineError)('a ring sender', () => {
  const sender = opened as RingSender
  const sockets: Socket[] = []
  let server: Server

  beforeAll(async () => {
    server = createServer({ pauseOnConnect: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  })

  afterAll(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  async function pair(): Promise<{ fd: number; theirs: Socket }> {
    const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1')
    const [ours] = (await once(server, 'connection')) as [Socket]
    sockets.push(ours, theirs)
    return { fd: (ours as unknown as { _handle: { fd: number } })._handle.fd, theirs }
  }

  async function receive(socket: Socket, bytes: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let left = bytes
    socket.on('data', (part: Buffer) => {
      parts.push(part)
      left -= part.length
    })
    while (left > 0) await once(socket, 'data')
    return Buffer.concat(parts)
  }

  it('sends each socket its own bytes, in order, over many submissions', async () => {
    const pairs: Awaited<ReturnType<typeof pair>>[] = []
    while (pairs.length < 8) pairs.push(await pair())
    const expected = pairs.map(() => '')
    for (let i = 0; i < 3_000; i++) {
      const which = (i * 7) % pairs.length
      const text = `${i}${'.'.repeat(i % 90)};`
      if (!sender.add(pairs[which]?.fd ?? -1, Buffer.from(text))) throw new Error('no room')
      expected[which] += text
      if (sender.count === sender.capacity || i % 61 === 60) sender.submit()
    }
    sender.submit()
    for (const [i, { theirs }] of pairs.entries()) {
      const text = expected[i] ?? ''
      expect((await receive(theirs, text.length)).toString() === text).toBe(true)
    }
  })

  it('places bytes that many sockets share once', async () => {
    const { fd, theirs } = await pair()
    const shared = Buffer.alloc(100_000, 'x')
    // Copied for each of them they would need 10 MB of room.
    for (let i = 0; i < 100; i++) expect(sender.add(fd, shared)).toBe(true)
    expect(sender.submit()).toBe(100)
    const sent = sender.results.subarray(0, 100).reduce((sum, taken) => sum + Math.max(0, taken), 0)
    expect((await receive(theirs, sent)).length).toBe(sent)
  })

  it('answers how much a full socket took, and nothing for the sends after it', async () => {
    const { fd, theirs } = await pair()
    const piece = Buffer.alloc(60_000, 'y')
    const results: number[] = []
    for (let i = 0; i < 300 && !results.includes(-11); i++) {
      sender.add(fd, piece)
      sender.submit()
      results.push(sender.results[0] ?? 0)
    }
    expect(results.at(-1)).toBe(-11)
    const sent = results.reduce((sum, taken) => sum + Math.max(0, taken), 0)
    expect((await receive(theirs, sent)).length).toBe(sent)
  })

  it('refuses what does not fit before a submission, and takes it after', async () => {
    const { fd, theirs } = await pair()
    const distinct = Array.from({ length: 20 }, (_, i) => Buffer.alloc(60_000, 65 + i))
    const took = distinct.map((bytes) => sender.add(fd, bytes))
    expect(took).toContain(false)
    expect(sender.submit()).toBe(took.filter(Boolean).length)
    theirs.resume()
    expect(sender.add(fd, Buffer.from('z'))).toBe(true)
    sender.submit()
    for (let i = 0; i < sender.capacity; i++) expect(sender.add(-1, Buffer.from('q'))).toBe(true)
    expect(sender.add(-1, Buffer.from('q'))).toBe(false)
    expect(sender.submit()).toBe(sender.capacity)
  })

  it('answers an error for a descriptor that is none, and goes on', async () => {
    const { fd, theirs } = await pair()
    sender.add(999_999, Buffer.from('lost'))
    sender.add(fd, Buffer.from('kept'))
    sender.submit()
    expect([...sender.results.subarray(0, 2)]).toEqual([EBADF, 4])
    expect((await receive(theirs, 4)).toString()).toBe('kept')
  })

  it('sends nothing later that the kernel did not take, and is broken then', async () => {
    const { fd, theirs } = await pair()
    const real = await loadSystemCalls()
    let refuses = false
    const calls: SystemCalls = {
      setup: (...values) => real.setup(...values),
      enter: (ring, submit, complete) =>
        refuses ? (submit > 1 ? real.enter(ring, 1, 0) : -16) : real.enter(ring, submit, complete),
      mapRing: (...values) => real.mapRing(...values),
      mapFresh: (...values) => real.mapFresh(...values),
    }
    const ring = new Ring(calls, 8)
    const { memory, address } = real.mapFresh(4096)
    new Uint8Array(memory).set(Buffer.from('abcdef'))
    const low = Number(BigInt.asIntN(32, address))
    const high = Number(BigInt.asIntN(32, address >> 32n))
    const results = new Int32Array(8).fill(-11)
    for (let i = 0; i < 3; i++) ring.set(i, fd, { low: low + i, high }, 1)
    refuses = true
    expect(ring.submit(3, results)).toBe(false)
    expect([...results.subarray(0, 3)]).toEqual([1, 1, -11])
    refuses = false
    ring.set(0, fd, { low: low + 5, high }, 1)
    expect(ring.submit(1, results)).toBe(true)
    expect((await receive(theirs, 3)).toString()).toBe('abf')
  })
})
