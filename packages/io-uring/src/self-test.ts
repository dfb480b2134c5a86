import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { RingSender } from './ring-sender.ts'
import { unavailable } from './system-calls.ts'

const LIMIT_MS = 2000
/** More than a socket pair takes while nobody reads. */
const FLOOD_BYTES = 64 * 1024 * 1024
const PIECE_BYTES = 60_000

interface Pair {
  readonly ours: Socket
  readonly theirs: Socket
  readonly fd: number
}

/** @throws HeartlineError `HL_IO_URING_UNAVAILABLE` when it does not behave */
export async function checkSender(sender: RingSender): Promise<void> {
  const pairs: Pair[] = []
  const timer = { id: undefined as ReturnType<typeof setTimeout> | undefined }
  const late = new Promise<never>((_, reject) => {
    timer.id = setTimeout(() => reject(unavailable('its self-test took too long')), LIMIT_MS)
  })
  let isOver = false
  const test = async (): Promise<void> => {
    for (let i = 0; i < 3 && !isOver; i++) pairs.push(await openPair())
    if (isOver) return close(pairs)
    const [first, second, third] = pairs
    if (first === undefined || second === undefined || third === undefined) return
    await checkOrder(sender, first, second)
    await checkStalled(sender, first)
    await checkGone(sender, third)
  }
  try {
    await Promise.race([test(), late])
  } finally {
    clearTimeout(timer.id)
    isOver = true
    close(pairs)
  }
}

function close(pairs: readonly Pair[]): void {
  for (const { ours, theirs } of pairs) {
    ours.destroy()
    theirs.destroy()
  }
}

async function openPair(): Promise<Pair> {
  const server = createServer({ pauseOnConnect: true })
  // A worker of node:cluster would else share it with other workers, and their connections.
  server.listen({ port: 0, host: '127.0.0.1', exclusive: true })
  await once(server, 'listening')
  const theirs = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [ours] = (await once(server, 'connection')) as [Socket]
  server.close()
  for (const socket of [ours, theirs]) socket.on('error', () => {})
  const { _handle: handle } = ours as unknown as { _handle?: { fd?: unknown } }
  if (typeof handle?.fd !== 'number') throw unavailable('sockets do not tell their descriptor')
  return { ours, theirs, fd: handle.fd }
}

/** Different bytes to two sockets, several to the same one: each gets its own, in order. */
async function checkOrder(sender: RingSender, a: Pair, b: Pair): Promise<void> {
  let toA = ''
  let toB = ''
  for (let i = 0; i < 40; i++) {
    const text = `<${i}>`
    const bytes = Buffer.from(text)
    toA += text
    expect(sender.add(a.fd, bytes), 'it takes no sends')
    if (i % 2 === 0) toB += text
    if (i % 2 === 0) expect(sender.add(b.fd, bytes), 'it takes no sends')
    if (i % 10 !== 9) continue
    const count = sender.submit()
    expect(
      sender.results.subarray(0, count).every((taken) => taken > 0),
      'a send failed',
    )
  }
  expect((await receive(a.theirs, toA.length)) === toA, 'bytes came in another order')
  expect((await receive(b.theirs, toB.length)) === toB, 'bytes came in another order')
}

/** A reader that does not read: the results say to the byte how much was taken. */
async function checkStalled(sender: RingSender, { ours, theirs, fd }: Pair): Promise<void> {
  expectOpen(ours)
  const piece = Buffer.alloc(PIECE_BYTES, 's')
  let sent = 0
  let last = PIECE_BYTES
  while (last === PIECE_BYTES && sent < FLOOD_BYTES) {
    sender.add(fd, piece)
    sender.submit()
    last = sender.results[0] ?? 0
    if (last > 0) sent += last
  }
  expect(last < PIECE_BYTES && (last > 0 || last === -11), 'a full socket is not told')
  await read(theirs, sent, (part) => {
    expect(part[0] === piece[0] && part.at(-1) === piece[0], 'bytes were changed')
  })
}

/** A peer that is gone: an error, no signal, no harm to others. */
async function checkGone(sender: RingSender, { ours, theirs, fd }: Pair): Promise<void> {
  theirs.resetAndDestroy()
  // `ours` was never read from, so its descriptor stays open and nobody else's.
  let taken = 1
  for (let tries = 0; taken > 0 && tries < 100; tries++) {
    await new Promise((resolve) => setImmediate(resolve))
    expectOpen(ours)
    sender.add(fd, Buffer.from('x'))
    sender.submit()
    taken = sender.results[0] ?? 0
  }
  expect(taken < 0 && taken !== -11, 'a send to a closed peer succeeds')
  expect(!sender.isBroken, 'it does not survive an error')
}

async function receive(socket: Socket, bytes: number): Promise<string> {
  let text = ''
  await read(socket, bytes, (part) => (text += part.toString('latin1')))
  return text
}

/** Hands over what arrives until so many bytes did. Keeps nothing: a flood is megabytes. */
async function read(socket: Socket, bytes: number, take: (part: Buffer) => void): Promise<void> {
  let left = bytes
  while (left > 0) {
    const part = socket.read() as Buffer | null
    if (part === null) {
      await once(socket, 'readable')
      continue
    }
    take(part)
    left -= part.length
  }
  expect(left === 0, 'more bytes came than were sent')
}

/** The descriptor of a closed socket may be somebody else's by now, who would get our bytes. */
function expectOpen(ours: Socket): void {
  expect(!ours.destroyed, 'it was cut off')
}

function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw unavailable(`its self-test failed: ${otherwise}`)
}
