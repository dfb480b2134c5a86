import { systemClock } from '../clock.ts'
import { Leader } from './leader.ts'
import type { Hello, ToLeader, ToMember } from './message.ts'
import { gone, hold, memberLock } from './locks.ts'

/** Without an answer for so long, another tab is asked for headers. */
const HEADERS_MS = 10_000

/** Tabs that share a connection of this worker. */
class Group {
  readonly #ports = new Map<string, MessagePort>()
  readonly #asked = new Map<number, (headers: Headers) => void>()
  /** Tabs that gave no headers the last time. */
  readonly #mute = new Set<string>()
  readonly #id = crypto.getRandomValues(new Uint32Array(4)).join('')
  readonly #leader: Leader
  /** Resolves when tabs can notice the end of this worker. */
  readonly #ready: Promise<void>
  readonly #abort = new AbortController()
  #asks = 0

  constructor({ name, setup }: Hello, onEmpty: () => void) {
    const id = this.#id
    this.#ready = hold(memberLock(name, id), this.#abort.signal)
    this.#leader = new Leader({
      id,
      setup,
      world: { headers: ({ refresh, signal }) => this.#askHeaders(refresh, signal) },
      clock: systemClock,
      collectMs: 0,
      send: (message) => this.#send(message),
      gone: (member, signal) => gone(name, member, signal).then(() => this.#drop(member)),
      onEmpty,
    })
  }

  add(member: string, port: MessagePort): void {
    this.#ports.set(member, port)
    // It is known that this worker is there, and when it ends.
    const hello = { kind: 'pong', to: member, leader: this.#id } as const
    void this.#ready.then(() => this.#send(hello))
  }

  receive(message: ToLeader): void {
    if (message.kind === 'headers') {
      this.#asked.get(message.ask)?.(new Headers(message.headers.map(([k, v]) => [k, v])))
      return
    }
    void this.#ready.then(() => this.#leader.receive(message))
    if (message.kind === 'leave') this.#drop(message.from)
  }

  close(): void {
    this.#leader.close()
    this.#abort.abort()
  }

  #drop(member: string): void {
    this.#ports.get(member)?.close()
    this.#ports.delete(member)
    this.#mute.delete(member)
  }

  #send(message: ToMember): void {
    if ('to' in message) return this.#ports.get(message.to)?.postMessage(message)
    for (const port of this.#ports.values()) port.postMessage(message)
  }

  /** One tab after the other, the newest first: an old one may be frozen. Last those that are. */
  async #askHeaders(refresh: boolean, signal: AbortSignal): Promise<Headers> {
    const isMute = (member: string): boolean => this.#mute.has(member)
    const members = [...this.#ports.keys()].reverse()
    for (const member of [...members.filter((each) => !isMute(each)), ...members.filter(isMute)]) {
      const headers = await this.#ask(member, refresh)
      if (headers !== undefined) return headers
      signal.throwIfAborted()
    }
    throw new Error('no tab gave headers')
  }

  #ask(to: string, refresh: boolean): Promise<Headers | undefined> {
    const ask = ++this.#asks
    return new Promise((resolve) => {
      this.#mute.add(to)
      const timer = setTimeout(resolve, HEADERS_MS, undefined)
      this.#asked.set(ask, (headers) => {
        this.#mute.delete(to)
        clearTimeout(timer)
        this.#asked.delete(ask)
        resolve(headers)
      })
      this.#send({ kind: 'ask', to, ask, refresh, leader: this.#id })
    })
  }
}

const groups = new Map<string, Group>()

function connect(port: MessagePort): void {
  let group: Group | undefined
  port.onmessage = ({ data }: MessageEvent<Hello | ToLeader>) => {
    if ('setup' in data) group = join(data, port)
    else group?.receive(data)
  }
}

function join(hello: Hello, port: MessagePort): Group {
  const { name, member } = hello
  let group = groups.get(name)
  if (group === undefined) {
    const created: Group = new Group(hello, () => {
      created.close()
      if (groups.get(name) === created) groups.delete(name)
    })
    group = created
    groups.set(name, group)
  }
  group.add(member, port)
  return group
}

globalThis.addEventListener('connect', (event) => {
  for (const port of (event as MessageEvent).ports) connect(port)
})
