import { Buffer } from 'node:buffer'
import net, { type AddressInfo, type Server, type Socket } from 'node:net'
import { learnHandle, plainHandleOf } from './handle.ts'
import { setProvenSeam } from './seam.ts'
import {
  cutWhileWaiting,
  resetWhileWaiting,
  stallAndRead,
  writeAfterReset,
  type Finding,
  type Pair,
} from './seam-rehearsal.ts'
import type { WriteSeam } from './transport.ts'

/** Far above the 20 ms it takes, also on a machine that has much else to do. */
const LIMIT_MS = 1_000

/** What the self-test found. */
export interface SeamReport {
  /** The fastest way to write that works here. */
  readonly seam: WriteSeam
  /** Why none faster is used; undefined when it is the fastest of all. */
  readonly reason: string | undefined
  /** How long the test took. */
  readonly tookMs: number
}

let running: Promise<SeamReport> | undefined

/**
 * Tries the fast ways to write on real connections within this process: a partial write, order
 * under a stalled reader, a reset by the peer, a close while a write waits. Sessions that are made
 * afterwards use the fastest way that did what it should. Runs once in a process, takes about
 * 20 ms, two seconds when something hangs. Never rejects.
 */
export async function testSeams(): Promise<SeamReport> {
  // The connections do not keep the process alive; somebody who waits for the report does.
  const hold = setInterval(() => undefined, LIMIT_MS)
  try {
    return await startTest()
  } finally {
    clearInterval(hold)
  }
}

/** @internal Starts the test in the background, unless it runs already or is done. */
export function startTest(): Promise<SeamReport> {
  running ??= runTest()
  return running
}

async function runTest(): Promise<SeamReport> {
  const began = performance.now()
  const { seam, reason } = await findSeam()
  setProvenSeam(seam)
  return { seam, reason, tookMs: performance.now() - began }
}

async function findSeam(): Promise<Omit<SeamReport, 'tookMs'>> {
  if ('Bun' in globalThis || 'Deno' in globalThis) {
    return { seam: 'socket', reason: 'this runtime is not Node' }
  }
  const handle = await within(LIMIT_MS, (stage) => rehearse(stage, true))
  if (handle === undefined) return { seam: 'handle', reason: undefined }
  const socket = await within(LIMIT_MS, (stage) => rehearse(stage, false))
  if (socket === undefined) return { seam: 'socket', reason: handle }
  // Where no connection can be made at all, nothing speaks against the public interface.
  const seam = socket === handle ? 'socket' : 'response'
  return { seam, reason: `${handle}; socket: ${socket}` }
}

async function rehearse(stage: Stage, wantsHandle: boolean): Promise<Finding> {
  const pairs = await Promise.all([stage.pair(), stage.pair(), stage.pair(), stage.pair()])
  const [one, two, three, four] = pairs
  if (wantsHandle && !learnHandle(three.ours, Buffer.from('!'))) {
    return 'the native handle of sockets does not look as expected'
  }
  const handles = pairs.map(({ ours }) => (wantsHandle ? plainHandleOf(ours) : undefined))
  if (wantsHandle && handles.includes(undefined)) return 'not all sockets have the same handle'
  const findings = await Promise.all([
    stallAndRead(one, handles[0]),
    resetWhileWaiting(two, handles[1]),
    cutWhileWaiting(three, handles[2]),
    writeAfterReset(four, handles[3]),
  ])
  return findings.find((finding) => finding !== undefined)
}

/** Makes connections within this process and clears them away. */
class Stage {
  readonly #server: Server = net.createServer({ allowHalfOpen: true })
  readonly #sockets: Socket[] = []

  async open(): Promise<void> {
    const server = this.#server.unref()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', resolve)
    })
  }

  pair(): Promise<Pair> {
    const { port } = this.#server.address() as AddressInfo
    return new Promise((resolve, reject) => {
      const peer = this.#keep(net.connect(port, '127.0.0.1'))
      peer.on('error', reject)
      this.#server.on('connection', (ours) => {
        if (ours.remotePort === peer.localPort) resolve({ ours: this.#keep(ours), peer })
      })
    })
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #keep(socket: Socket): Socket {
    this.#sockets.push(socket)
    return socket.on('error', () => undefined).unref()
  }
}

async function within(ms: number, run: (stage: Stage) => Promise<Finding>): Promise<Finding> {
  const stage = new Stage()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve(`no result within ${ms} ms`), ms)
    timer.unref()
  })
  const opened = stage.open().then(() => run(stage))
  try {
    return await Promise.race([opened, late])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
    stage.close()
    opened.catch(() => undefined)
  }
}
