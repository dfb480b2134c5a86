import cluster, { type Worker } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import { HeartlineError } from '@heartline/wire'
import { loadKeyRing } from '../auth/key-ring.ts'
import type { Config } from '../config/config.ts'
import { serverErrors } from '../errors.ts'
import type { Logger } from '../log.ts'
import { requireLoopback } from '../server.ts'
import { firstAnswers, newestOffset, type SharedAnswers } from './first-answers.ts'
import { MetricsSum } from './metrics-sum.ts'
import { openPrivateLog, type PrivateLog } from './private-log.ts'
import type { FirstQuestions, WorkerOrders } from './questions.ts'
import { SettlingPoint } from './settling-point.ts'
import { WorkerMetrics } from './worker-metrics.ts'
import { WorkerSlot, type SlotEvents } from './worker-slot.ts'

/** Above the drain's deadline, for answers under way and the end of a process. */
const LEAVE_GRACE_MS = 5_000
/** Starts of each worker that come to nothing, while none listens, before it is given up. */
const MAX_TRIES = 5

/** What listens once all workers do. */
export type Address = FirstQuestions['listening']['ask']

/**
 * The first process of several: it holds the store, serves its log to the workers, starts a new
 * worker in the place of one that died, and passes on what they ask each other. It accepts no
 * connection from outside.
 */
export class Supervisor {
  readonly #config: Config
  readonly #log: Logger
  readonly #private: PrivateLog
  readonly #slots: readonly WorkerSlot[]
  readonly #settling: SettlingPoint
  readonly #sum = new MetricsSum()
  readonly #metrics = new WorkerMetrics()
  readonly #answers: SharedAnswers
  readonly #started: Promise<Address>
  readonly #failed: Promise<never>
  #tellStarted: (address: Address) => void = () => {}
  #tellFailed: (error: Error) => void = () => {}
  #isStarted = false
  #stopped: Promise<void> | undefined

  constructor(config: Config, count: number, log: Logger, opened: PrivateLog) {
    this.#config = shareOf(config, count)
    this.#log = log
    this.#private = opened
    this.#started = new Promise((resolve) => (this.#tellStarted = resolve))
    this.#failed = new Promise((_, reject) => (this.#tellFailed = reject))
    this.#failed.catch(() => {})
    const events: SlotEvents = {
      answers: (slot) => this.#answersTo(slot),
      onListening: () => this.#listens(),
      onEnded: (slot) => this.#ended(slot),
    }
    const slot = (number: number): WorkerSlot => new WorkerSlot(number, fork, events, log)
    this.#slots = Array.from({ length: count }, (_, index) => slot(index + 1))
    this.#settling = new SettlingPoint(
      () => this.#slots.filter((it) => it.listening !== undefined).map((it) => it.number),
      () => newestOffset(opened.hub),
    )
    this.#answers = firstAnswers({
      hub: opened.hub,
      ownMetrics: () => opened.metrics.json(),
      workerMetrics: this.#metrics,
      sum: this.#sum,
      tickets: opened.tickets,
      settling: this.#settling,
      slots: this.#slots,
    })
  }

  /** Rejects when, later, no worker can be started any more; everything is stopped then. */
  get failed(): Promise<never> {
    return this.#failed
  }

  /** Starts the workers. Resolves when all listen; rejects with what the first could not do. */
  async start(): Promise<Address> {
    for (const slot of this.#slots) slot.start()
    return Promise.race([this.#started, this.#failed])
  }

  /** Lets all workers leave in good order inside `drain.deadlineMs`, then closes the store. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Ends all workers at once. */
  kill(): void {
    for (const slot of this.#slots) {
      slot.close()
      slot.kill()
    }
  }

  async #stop(): Promise<void> {
    for (const slot of this.#slots) slot.drain()
    const late = setTimeout(() => {
      this.#log.warn({}, 'A worker did not leave in time')
      this.kill()
    }, this.#config.drain.deadlineMs + LEAVE_GRACE_MS)
    await Promise.all(this.#slots.map((slot) => slot.ended))
    clearTimeout(late)
    await this.#private.stop()
  }

  #answersTo(slot: WorkerSlot): ReturnType<SlotEvents['answers']> {
    const { directory, token } = this.#private
    const { length: count } = this.#slots
    const { number } = slot
    const orders: WorkerOrders = { number, count, config: this.#config, directory, token }
    return {
      ...this.#answers,
      orders: () => orders,
      settled: () => this.#settling.arrive(slot.number),
    }
  }

  #listens(): void {
    if (this.#isStarted || this.#slots.some((slot) => slot.listening === undefined)) return
    this.#isStarted = true
    const [first] = this.#slots
    if (first?.listening !== undefined) this.#tellStarted(first.listening)
  }

  #ended(slot: WorkerSlot): void {
    void this.#sum.retire(slot.number)
    this.#settling.leave(slot.number)
    if (this.#stopped !== undefined) return
    const isAnyThere = this.#slots.some((it) => it.listening !== undefined)
    // What the first start says, as that the address is taken, is no accident of one process.
    const isHopeless = !this.#isStarted && slot.failure !== undefined
    if (isHopeless || (!isAnyThere && slot.failures >= MAX_TRIES)) void this.#giveUp(slot)
    else this.#metrics.restarted()
  }

  async #giveUp(slot: WorkerSlot): Promise<void> {
    this.kill()
    await this.stop()
    const details = { tries: slot.failures, end: slot.lastEnd }
    this.#tellFailed(slot.failure ?? new HeartlineError(serverErrors.workersFailed, details))
  }
}

/** Opens the store and makes the supervisor of so many workers. Rejects like `createServer`. */
export async function openSupervisor(
  config: Config,
  count: number,
  log: Logger,
): Promise<Supervisor> {
  const ring = loadKeyRing(config.auth.keys)
  if (ring === undefined) requireLoopback(config)
  for (const warning of ring?.warnings ?? []) log.warn({}, warning)
  setUpCluster()
  return new Supervisor(config, count, log, await openPrivateLog(config, log))
}

/**
 * Workers accept from one handle that the kernel shares out. Handing each connection over from the
 * first process costs half of the connects a second.
 */
function setUpCluster(): void {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const program = new URL(`./worker-main.${extension}`, import.meta.url)
  cluster.setupPrimary({ exec: fileURLToPath(program), args: [] })
}

function fork(): Worker {
  return cluster.fork()
}

/** The limit of sessions is for all workers; the kernel spreads connections about evenly. */
function shareOf(config: Config, count: number): Config {
  const maxSessions = Math.ceil(config.limits.maxSessions / count)
  return { ...config, workers: 1, limits: { ...config.limits, maxSessions } }
}
