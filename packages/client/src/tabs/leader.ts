import type { Clock } from '../clock.ts'
import { GAP, type Gap } from '../event.ts'
import type { Item } from './item.ts'
import type { Join, SharedSetup, SharedState, ToLeader, ToMember, Want } from './message.ts'
import { reaches } from './place-order.ts'
import { Ring } from './ring.ts'
import { Upstream, type UpstreamWorld } from './upstream.ts'

/** What it is made with. */
export interface LeaderSetup {
  readonly id: string
  readonly setup: SharedSetup
  readonly world: UpstreamWorld
  readonly clock: Clock
  /** How long it listens for tabs that read before, so that it goes on where the last of them is. */
  readonly collectMs: number
  /** To all tabs, itself included. */
  send(message: ToMember): void
  /** Resolves when a tab is gone, however. The signal ends the wait. */
  gone(member: string, signal: AbortSignal): Promise<void>
  /** Nobody is left. */
  onEmpty?(): void
}

type Payload<Message> = Message extends unknown ? Omit<Message, 'leader'> : never

/** Topics are added to the connection together, and not faster than this. */
const WIDEN_MS = 100
/** What is said to the one connection alone. */
const OF_CONNECTION = ['heartline.drain', 'heartline.expired']

/**
 * Has the one connection, and hands what comes to all tabs that share it. It holds the topics of
 * all of them; each takes what it asked for.
 */
export class Leader {
  readonly #setup: LeaderSetup
  readonly #ring = new Ring()
  /** The topics of each tab, once a server has let it read them. */
  readonly #members = new Map<string, readonly string[]>()
  readonly #known = new Set<string>()
  #upstream: Upstream | undefined
  /** While it listens who is there. */
  #joins: Join[] | undefined = []
  #wants: Want[] = []
  /** Topics of those who want in are being asked for, and a server may refuse them. */
  #isWidening = false
  /** Topics that were refused beside those of the others: too many, say. */
  readonly #refused = new Set<string>()
  #seq = 0
  #timer: unknown
  readonly #abort = new AbortController()

  constructor(setup: LeaderSetup) {
    this.#setup = setup
    this.#say({ kind: 'leads' })
    this.#timer = setup.clock.setTimer(() => this.#begin(), setup.collectMs)
  }

  receive(message: ToLeader): void {
    if (this.#abort.signal.aborted) return
    this.#watch(message.from)
    if (message.kind === 'join') this.#join(message)
    else if (message.kind === 'want') this.#want(message)
    else if (message.kind === 'leave') this.#leave(message.from)
    else if (message.kind === 'ping') this.#say({ kind: 'pong', to: message.from })
    else if (message.kind === 'wake') this.#upstream?.wake()
  }

  close(): void {
    this.#abort.abort()
    this.#setup.clock.clearTimer(this.#timer)
    this.#upstream?.close()
  }

  /** Topics of tabs that crashed must not be asked for until this one ends. */
  #watch(member: string): void {
    if (this.#known.has(member)) return
    this.#known.add(member)
    const left = (): void => this.#leave(member)
    this.#setup.gone(member, this.#abort.signal).then(left, () => {})
  }

  #join(join: Join): void {
    if (this.#joins === undefined) return this.#answer(join)
    this.#joins.push(join)
    // Nobody was there when the time was over: the first one begins.
    if (this.#timer === undefined) this.#begin()
  }

  #begin(): void {
    this.#timer = undefined
    const joins = this.#joins ?? []
    const proven = joins.filter(({ isProven }) => isProven)
    const first = oldest(proven) ?? joins[0]
    if (first === undefined) return
    this.#joins = undefined
    for (const { from, topics } of [...proven, first]) this.#members.set(from, topics)
    this.#open(first.place)
    for (const join of joins) this.#answer(join)
  }

  #answer({ from, topics, place }: Join): void {
    const items = this.#isAsked(topics) ? this.#ring.after(place) : undefined
    if (items === undefined) return this.#say({ kind: 'behind', to: from })
    this.#members.set(from, topics)
    this.#say({ kind: 'serve', to: from, seq: this.#seq, items, state: this.#upstream?.state })
  }

  #want(want: Want): void {
    const { from, topics, place } = want
    if (this.#refused.has(topics.join())) return this.#say({ kind: 'alone', to: from })
    if (this.#upstream === undefined) {
      this.#joins = undefined
      this.#members.set(from, topics)
      this.#open(place)
    }
    if (this.#isAsked(topics)) return this.#letIn(want)
    this.#wants.push(want)
    this.#widenSoon()
  }

  /** The tab reads for itself until it has reached this place. */
  #letIn({ from, topics }: Want): void {
    this.#members.set(from, topics)
    const { place = '', state } = this.#upstream ?? {}
    this.#say({ kind: 'from', to: from, seq: this.#seq, place, state })
  }

  #leave(member: string): void {
    this.#known.delete(member)
    // With fewer, there may be room.
    if (this.#members.delete(member)) this.#refused.clear()
    this.#wants = this.#wants.filter(({ from }) => from !== member)
    if (this.#known.size === 0) this.#setup.onEmpty?.()
  }

  #widenSoon(): void {
    const { clock } = this.#setup
    // While it is not open, the ladder says when to ask again.
    if (this.#wants.length === 0 || this.#upstream?.isOpen !== true) return
    clock.clearTimer(this.#timer)
    this.#timer = clock.setTimer(() => this.#widen(), WIDEN_MS)
  }

  #widen(): void {
    const upstream = this.#upstream
    if (upstream?.isOpen !== true) return
    if (upstream.tells !== true) {
      for (const { from } of this.#wants.splice(0)) this.#say({ kind: 'alone', to: from })
      return
    }
    this.#isWidening = true
    for (const { from, topics } of this.#wants) this.#members.set(from, topics)
    this.#open(upstream.place)
  }

  /** The server takes the topics that were added. */
  #widened(): void {
    this.#isWidening = false
    for (const want of this.#wants.splice(0)) this.#want(want)
  }

  /** It refuses them: on without. */
  #narrow(): void {
    this.#isWidening = false
    const wants = this.#wants.splice(0)
    for (const { from, topics } of wants) {
      if (this.#members.delete(from)) this.#refused.add(topics.join())
    }
    this.#open(this.#upstream?.place ?? '')
    for (const want of wants) this.#want(want)
  }

  #open(place: string): void {
    const before = this.#upstream
    this.#upstream = undefined
    before?.close()
    this.#ring.restart(place)
    const { setup, world } = this.#setup
    const start = { place, topics: () => this.#topics() }
    const upstream: Upstream = new Upstream(setup, world, start, {
      onItems: (items) => this.#upstream === upstream && this.#take(items),
      onState: (state) => this.#upstream === upstream && this.#changed(state),
      onBeat: () => this.#say({ kind: 'beat' }),
    })
    this.#upstream = upstream
    upstream.asked = this.#topics()
    upstream.connect()
  }

  #topics(): readonly string[] {
    return [...new Set([...this.#members.values()].flat())].sort()
  }

  /** Whether what the tab asks for comes in, and can be told from what others ask for. */
  #isAsked(topics: readonly string[]): boolean {
    const { asked = [], tells } = this.#upstream ?? {}
    if (this.#upstream === undefined || this.#isWidening) return false
    const isInside = topics.every((topic) => asked.includes(topic))
    return isInside && (tells !== false || asked.length === new Set(topics).size)
  }

  #take(all: readonly Item[]): void {
    const collapse = all.findIndex(leavesOut)
    if (collapse < 0) return this.#hand(all)
    // What is left out for this connection need not be for tabs that keep up.
    this.#hand(all.slice(0, collapse))
    this.#upstream?.close()
  }

  #hand(all: readonly Item[]): void {
    const items = all.filter(({ type }) => !OF_CONNECTION.includes(type))
    for (const item of items) this.#ring.add(item)
    // After a hole the ring knows nothing of what was before it.
    const gap = items.findLast(({ type }) => type === 'heartline.gap')
    if (gap !== undefined) this.#ring.restart(this.#upstream?.place ?? '')
    this.#say({ kind: 'items', seq: ++this.#seq, items })
    const state = this.#upstream?.stateWithNewTrip
    if (state !== undefined) this.#say({ kind: 'state', state })
  }

  #changed(state: SharedState): void {
    if (state.name === 'closed') return this.#isWidening ? this.#narrow() : this.#down()
    this.#say({ kind: 'state', state })
    if (state.name === 'open') this.#widened()
  }

  /** Refused for good: each tab finds out for itself why, or that it is another's topic. */
  #down(): void {
    this.#upstream = undefined
    this.#members.clear()
    this.#refused.clear()
    this.#wants = []
    this.#say({ kind: 'down' })
  }

  #say(message: Payload<ToMember>): void {
    if (!this.#abort.signal.aborted) this.#setup.send({ ...message, leader: this.#setup.id })
  }
}

/** A hole that lies before events, and not before the place where they go on. */
function leavesOut({ type, data, id = '' }: Item): boolean {
  if (type !== GAP || data === undefined) return false
  const { reason, to = '' } = JSON.parse(data) as Gap
  return reason === 'slow' && !reaches(id, to)
}

function oldest(joins: readonly Join[]): Join | undefined {
  return joins.reduce<Join | undefined>(
    (first, join) => (first !== undefined && !reaches(first.place, join.place) ? first : join),
    undefined,
  )
}
