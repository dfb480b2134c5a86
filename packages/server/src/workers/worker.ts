import cluster from 'node:cluster'
import { openRelayBroker } from '@heartline/broker-relay'
import { createLogger, type ProcessLogger } from '../log.ts'
import type { Seat, SeatParts } from '../peers/seat.ts'
import { createServer, type HeartlineServer } from '../server.ts'
import { carryError } from './carried-error.ts'
import { Channel } from './channel.ts'
import { ClusterPeers, type ToFirst } from './cluster-peers.ts'
import { removePrivateDirectory, socketIn } from './private-directory.ts'
import type { WorkerOrders } from './questions.ts'
import { prefixOfWorker } from './session-address.ts'
import { SharedTickets } from './shared-tickets.ts'
import { workerAnswers } from './worker-answers.ts'

/** When the first process has died, nothing can be read or published any more. */
const ORPHAN_DRAIN_MS = 1_000
const ORPHAN_LIMIT_MS = 5_000

/** One worker: a hub whose log is that of the first process, on the address of all. */
class WorkerProcess {
  readonly #first: ToFirst
  #parts: SeatParts | undefined
  #server: HeartlineServer | undefined
  #log: ProcessLogger | undefined
  #orders: WorkerOrders | undefined
  #isLeaving = false

  constructor() {
    const answers = workerAnswers(
      () => this.#parts,
      () => void this.#leave({}),
    )
    // A message that cannot be sent has nobody to go to: the channel's end is told by `disconnect`.
    const send = (letters: readonly unknown[]): void => {
      if (process.connected) process.send?.(letters, undefined, undefined, () => {})
    }
    this.#first = new Channel(send, answers)
    process.on('message', (message) => this.#first.receive(message))
    cluster.worker?.once('disconnect', () => this.#orphaned())
    // What node:cluster itself still tells a first process that has died.
    cluster.worker?.on('error', () => {})
  }

  async run(): Promise<void> {
    const orders = await this.#first.ask('orders', null, 0).catch(() => process.exit(1))
    this.#orders = orders
    const { log: settings } = orders.config
    const log = createLogger(settings, process.stderr.isTTY, { worker: orders.number })
    this.#log = log
    try {
      const server = await this.#start(orders, log)
      this.#server = server
      const { url, isDevelopment } = server
      await this.#first.ask('listening', { url, isDevelopment }, 0)
    } catch (error) {
      await this.#first.ask('failed', carryError(error)).catch(() => {})
      if (this.#isLeaving) return
      log.flush()
      process.exit(1)
    }
  }

  async #start(orders: WorkerOrders, log: ProcessLogger): Promise<HeartlineServer> {
    const { config, count, directory, number, token } = orders
    const broker = await openRelayBroker({
      url: `unix:${socketIn(directory)}`,
      token,
      onReport: (report) => log.debug({ report }, 'Log'),
    })
    const seat: Seat = {
      sessionIdPrefix: prefixOfWorker(number),
      count,
      take: (parts) => {
        this.#parts = parts
        const peers = new ClusterPeers(number, parts.hub, this.#first)
        return { peers, tickets: new SharedTickets(this.#first) }
      },
      // Without the first process there is nothing to wait for.
      settled: () => this.#first.ask('settled', null, 0).catch(() => 0),
    }
    return createServer(config, { broker, log, seat })
  }

  async #leave(how: { readonly deadlineMs?: number | undefined }): Promise<void> {
    if (this.#isLeaving) return
    this.#isLeaving = true
    await this.#server?.stop(how)
    this.#log?.flush()
    process.exit(0)
  }

  #orphaned(): void {
    // Without this the process would be ended here and now, and its readers with it.
    if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true
    this.#first.close()
    const { config, directory } = this.#orders ?? {}
    if (directory !== undefined) removePrivateDirectory(directory)
    if (this.#isLeaving) return
    this.#log?.error({}, 'The first process has ended; leaving')
    setTimeout(() => process.exit(1), ORPHAN_LIMIT_MS)
    const deadlineMs = Math.min(ORPHAN_DRAIN_MS, config?.drain.deadlineMs ?? 0)
    void this.#leave({ deadlineMs })
  }
}

/** Runs a worker until the first process says to leave, or has ended. */
export async function runWorker(): Promise<void> {
  // A Ctrl-C of the terminal and a SIGTERM to the service reach all its processes. The first one
  // decides: workers that left on their own would not wait for what the others still publish.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {})
  await new WorkerProcess().run()
}
