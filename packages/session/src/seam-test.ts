import { Buffer } from 'node:buffer'
import { Socket } from 'node:net'
import { learnOwner, prepareReader } from './bare-handle.ts'
import { learnHandle, plainHandleOf } from './handle.ts'
import { HttpStage, rehearseRelease } from './release-rehearsal.ts'
import {
  cutWhileWaiting,
  leave,
  resetWhileWaiting,
  reuse,
  speak,
  stallAndRead,
  writeAfterReset,
  type Finding,
  type Way,
} from './seam-rehearsal.ts'
import { Stage, type Pair } from './seam-stage.ts'
import { setProvenSeam, UNPROVEN_SEAM } from './seam.ts'
import { SocketTransport, type ConnectionKeeper } from './socket-transport.ts'
import type { WriteSeam } from './transport.ts'

/**
 * For each part: about a second, far above what one takes. Counted in turns of the event loop: a
 * process that gets no time on a busy machine must not be taken for one in which something hangs.
 */
const LIMIT_TURNS = 20
const TURN_MS = 50

/** What the self-test found. */
export interface SeamReport {
  /** The fastest way to write that works here. */
  readonly seam: WriteSeam
  /** Whether idle streams can do without their sockets, which saves most of their memory. */
  readonly sheds: boolean
  /** Whether streams on node:http can do without their requests, responses and parsers. */
  readonly releases: boolean
  /** Why not everything works; undefined when it does. */
  readonly reason: string | undefined
  /** How long the test took. */
  readonly tookMs: number
}

const NOTHING = { seam: 'socket', sheds: false, releases: false } as const

let running: Promise<SeamReport> | undefined

/**
 * Tries the fast ways to write on real connections within this process: a partial write, order
 * under a stalled reader, a reset by the peer, a close while a write waits. Sessions that are made
 * afterwards use the fastest way that did what it should. Then it tries what streams can do without.
 * Runs once in a process, takes about 50 ms, up to three seconds when something hangs. Never rejects.
 */
export async function testSeams(): Promise<SeamReport> {
  // The connections do not keep the process alive; somebody who waits for the report does.
  const hold = setInterval(() => undefined, LIMIT_TURNS * TURN_MS)
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
  const found = await findSeam()
  setProvenSeam(found)
  return { ...found, tookMs: performance.now() - began }
}

async function findSeam(): Promise<Omit<SeamReport, 'tookMs'>> {
  if ('Bun' in globalThis || 'Deno' in globalThis) {
    return { ...NOTHING, seam: UNPROVEN_SEAM, reason: 'this runtime is not Node' }
  }
  const handle = await within(new Stage(), rehearseHandle)
  if (handle === undefined) {
    const shed = await within(new Stage(), rehearseShed)
    const release = await releaseWith(withHandle)
    const reason = [shed, release].filter(Boolean).join('; ') || undefined
    return { seam: 'handle', sheds: shed === undefined, releases: release === undefined, reason }
  }
  const socket = await within(new Stage(), rehearseSocket)
  if (socket === undefined) {
    const release = await releaseWith(withSocket)
    return { ...NOTHING, releases: release === undefined, reason: handle }
  }
  // Where no connection can be made at all, nothing speaks against the public interface.
  const seam = socket === handle ? 'socket' : 'response'
  return { ...NOTHING, seam, reason: `${handle}; socket: ${socket}` }
}

async function releaseWith(wayOf: (pair: Pair) => Way): Promise<Finding> {
  const bare = new Stage()
  const stage = new HttpStage()
  const finding = await within(stage, () => rehearseRelease(stage, bare, wayOf))
  bare.close()
  return finding
}

async function rehearseHandle(stage: Stage): Promise<Finding> {
  const { ours } = await stage.pair()
  if (!learnHandle(ours, Buffer.from('!'))) return 'the native handle is not as expected'
  if (plainHandleOf((await stage.pair()).ours) === undefined) return 'no two handles are alike'
  return rehearse(stage, WRITES, withHandle)
}

/** With the handle proven: streams that do without their sockets. */
async function rehearseShed(stage: Stage): Promise<Finding> {
  const { ours } = await stage.pair()
  if (!learnOwner(ours)) return 'the owner of a native handle is not as expected'
  prepareReader(SocketTransport.prototype)
  let shed = 0
  const keeper: ConnectionKeeper = {
    // A shed stream gets a new socket at its end, which the stage does not know yet.
    replace: (_, by) => {
      if (by instanceof Socket) stage.keep(by)
      else shed++
    },
  }
  const all = [...WRITES, speak, leave, reuse]
  const finding = await rehearse(stage, all, (pair) => ({ ...withHandle(pair), keeper }))
  if (finding !== undefined) return finding
  // One does not begin with a write that is taken at once.
  return shed >= all.length - 1 ? undefined : 'not all sockets could be shed'
}

function rehearseSocket(stage: Stage): Promise<Finding> {
  return rehearse(stage, WRITES, withSocket)
}

const WRITES = [stallAndRead, resetWhileWaiting, cutWhileWaiting, writeAfterReset]

function withHandle({ ours }: Pair): Way {
  return { handle: plainHandleOf(ours) }
}

function withSocket(): Way {
  return { handle: undefined }
}

/** Runs them at once, each on a connection of its own. */
async function rehearse(
  stage: Stage,
  rehearsals: readonly ((pair: Pair, way: Way) => Promise<Finding>)[],
  wayOf: (pair: Pair) => Way,
): Promise<Finding> {
  const findings = await Promise.all(
    rehearsals.map(async (run) => {
      const pair = await stage.pair()
      return run(pair, wayOf(pair))
    }),
  )
  return findings.find((finding) => finding !== undefined)
}

async function within(stage: Stage, run: (stage: Stage) => Promise<Finding>): Promise<Finding> {
  let timer: ReturnType<typeof setInterval> | undefined
  const late = new Promise<Finding>((resolve) => {
    let turns = 0
    timer = setInterval(() => {
      if (++turns === LIMIT_TURNS) resolve(`no result within ${LIMIT_TURNS * TURN_MS} ms`)
    }, TURN_MS)
    timer.unref()
  })
  const opened = stage.open().then(() => run(stage))
  try {
    return await Promise.race([opened, late])
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearInterval(timer)
    stage.close()
    opened.catch(() => undefined)
  }
}
