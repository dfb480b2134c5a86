import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from './child.ts'
import { freePort } from './free-port.ts'
import type { Peer, Startable } from './peer.ts'
import { processTree, residentBytes } from './process-tree.ts'
import { Unavailable } from './unavailable.ts'

const START_MS = 30_000
/** Servers go on with their own start for a moment after they listen. */
const SETTLE_MS = 500

export interface FleetOptions {
  readonly core?: number | undefined
  readonly hubFlags: readonly string[]
  readonly progress: (text: string) => void
}

export interface LeftOut {
  readonly name: string
  readonly title: string
  readonly reason: string
}

/** One running server. */
export class Member {
  readonly peer: Peer
  readonly port: number
  readonly endpoint: Startable
  readonly #child: Child

  constructor(peer: Peer, port: number, endpoint: Startable, child: Child) {
    this.peer = peer
    this.port = port
    this.endpoint = endpoint
    this.#child = child
  }

  get name(): string {
    return this.peer.name
  }

  /** Its processes. */
  get pids(): number[] {
    return processTree(this.#child.pid)
  }

  get residentBytes(): number {
    return residentBytes(this.pids)
  }

  async stop(): Promise<void> {
    await this.#child.stop()
  }
}

/** The servers of a run. One that cannot run here is left out, with the reason. */
export class Fleet {
  readonly members: Member[] = []
  readonly leftOut: LeftOut[] = []
  readonly #options: FleetOptions
  readonly #folder = makeFolder()
  #count = 0

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Starts all that can run here, one after the other. */
  async startAll(peers: readonly Peer[]): Promise<Member[]> {
    const started: Member[] = []
    for (const peer of peers) {
      const member = await this.start(peer)
      if (member !== undefined) started.push(member)
    }
    return started
  }

  /** Starts one, or leaves it out and answers undefined. */
  async start(peer: Peer): Promise<Member | undefined> {
    try {
      const member = await this.#start(peer)
      this.members.push(member)
      return member
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      this.leaveOut(peer, error.message)
      return undefined
    }
  }

  /** Ends one member. */
  async stop(member: Member): Promise<void> {
    this.#forget(member)
    await member.stop()
  }

  /** Ends a member that does not do what it should, and says so. */
  async dismiss(member: Member, reason: string): Promise<void> {
    await this.stop(member)
    this.leaveOut(member.peer, reason)
  }

  leaveOut(peer: Peer, reason: string): void {
    if (this.leftOut.some(({ name }) => name === peer.name)) return
    this.leftOut.push({ name: peer.name, title: peer.title, reason })
    this.#options.progress(`${peer.name} is left out: ${reason}`)
  }

  async end(): Promise<void> {
    await Promise.all(this.members.splice(0).map((member) => member.stop()))
    removeFolder(this.#folder)
  }

  async #start(peer: Peer): Promise<Member> {
    const folder = join(this.#folder, `${peer.name}-${this.#count++}`)
    mkdirSync(folder)
    const port = await freePort()
    const { core, hubFlags } = this.#options
    const startable = peer.prepare({ port, publishPort: await freePort(), folder, hubFlags })
    const { command, environment } = startable
    const child = new Child(command, { core, cwd: folder, environment })
    if (await isListening(port, child)) return new Member(peer, port, startable, child)
    await child.stop()
    throw new Unavailable(`it did not start: ${child.log.trim().slice(-500)}`)
  }

  #forget(member: Member): void {
    const index = this.members.indexOf(member)
    if (index !== -1) this.members.splice(index, 1)
  }
}

const folders = new Set<string>()

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'heartline-bench-'))
  folders.add(folder)
  return folder
}

function removeFolder(folder: string): void {
  folders.delete(folder)
  rmSync(folder, { recursive: true, force: true })
}

// Also by Ctrl-C. The servers are killed by then: their handler was there first.
process.once('exit', () => {
  for (const folder of folders) removeFolder(folder)
})

async function isListening(port: number, child: Child): Promise<boolean> {
  const end = performance.now() + START_MS
  while (performance.now() < end && !child.hasEnded) {
    if (await canConnect(port)) {
      await sleep(SETTLE_MS)
      return !child.hasEnded
    }
    await sleep(50)
  }
  return false
}

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
