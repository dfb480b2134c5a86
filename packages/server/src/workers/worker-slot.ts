import type { Worker } from 'node:cluster'
import type { Logger } from '../log.ts'
import type { Answers } from './channel.ts'
import { Channel } from './channel.ts'
import { reviveError, type CarriedError } from './carried-error.ts'
import type { FirstQuestions, WorkerQuestions } from './questions.ts'

/** A worker that has not said that it listens after this time is ended. */
const START_LIMIT_MS = 60_000
/** A worker that lived for so long was well: the next is started at once. */
const WELL_MS = 10_000
const BACKOFF_MS = { first: 200, max: 30_000 }

/** How the supervisor hears of a slot. */
export interface SlotEvents {
  /** The first process' answers to the worker in this slot. */
  readonly answers: (slot: WorkerSlot) => Answers<Omit<FirstQuestions, 'listening' | 'failed'>>
  onListening(slot: WorkerSlot): void
  /** It ended, or could not begin; another is started after a while unless the slot is closed. */
  onEnded(slot: WorkerSlot): void
}

/** The place of one worker: its process, and the next one when that dies. */
export class WorkerSlot {
  readonly number: number
  readonly #fork: () => Worker
  readonly #events: SlotEvents
  readonly #log: Logger
  #worker: Worker | undefined
  #channel: Channel<WorkerQuestions, FirstQuestions> | undefined
  #listening: FirstQuestions['listening']['ask'] | undefined
  #startedAt = 0
  #failures = 0
  #lastEnd = ''
  #failure: Error | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isClosed = false
  #ended: Promise<void> = Promise.resolve()

  constructor(number: number, fork: () => Worker, events: SlotEvents, log: Logger) {
    this.number = number
    this.#fork = fork
    this.#events = events
    this.#log = log
  }

  /** Where its worker listens. Undefined while none does. */
  get listening(): FirstQuestions['listening']['ask'] | undefined {
    return this.#listening
  }

  /** Starts in a row that came to nothing. */
  get failures(): number {
    return this.#failures
  }

  /** `code 1`, `SIGKILL`: how its last process ended. */
  get lastEnd(): string {
    return this.#lastEnd
  }

  /** Why the last start failed, when the worker could say it. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** The way to a worker that listens. */
  get channel(): Channel<WorkerQuestions, FirstQuestions> | undefined {
    return this.#listening === undefined ? undefined : this.#channel
  }

  start(): void {
    this.#startedAt = performance.now()
    const worker = this.#fork()
    const channel = new Channel<WorkerQuestions, FirstQuestions>(
      // Fails when the process is just ending, which is told by its exit.
      (letters) => worker.isConnected() && worker.send(letters, () => {}),
      {
        ...this.#events.answers(this),
        listening: (where) => this.#begin(where),
        failed: (error) => this.#fail(error),
      },
    )
    this.#worker = worker
    this.#channel = channel
    worker.on('message', (message: unknown) => channel.receive(message))
    worker.on('error', () => {})
    this.#timer = setTimeout(() => this.kill(), START_LIMIT_MS)
    this.#ended = new Promise((resolve) => {
      worker.once('exit', (code: number | null, signal: string | null) => {
        this.#exited(code, signal)
        resolve()
      })
    })
  }

  /** Starts no other worker. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  /** Asks the worker to leave in good order. One that does not listen yet has nobody to tell. */
  drain(): void {
    this.close()
    if (this.channel === undefined) this.kill()
    else void this.channel.ask('drain', null, 0).catch(() => {})
  }

  /** Resolves when no process is left in it. */
  get ended(): Promise<void> {
    return this.#ended
  }

  kill(): void {
    if (this.#worker?.isDead() === false) this.#worker.process.kill('SIGKILL')
  }

  #begin(where: FirstQuestions['listening']['ask']): null {
    clearTimeout(this.#timer)
    this.#listening = where
    this.#startedAt = performance.now()
    this.#failure = undefined
    this.#log.info({ worker: this.number, pid: this.#worker?.process.pid }, 'Worker listens')
    this.#events.onListening(this)
    return null
  }

  #fail(error: CarriedError): null {
    this.#failure = reviveError(error)
    return null
  }

  #exited(code: number | null, signal: string | null): void {
    clearTimeout(this.#timer)
    const wasWell = this.#listening !== undefined && performance.now() - this.#startedAt >= WELL_MS
    this.#failures = wasWell ? 0 : this.#failures + 1
    this.#lastEnd = signal ?? `code ${code}`
    this.#listening = undefined
    this.#channel?.close()
    this.#worker = undefined
    this.#events.onEnded(this)
    if (this.#isClosed) return
    const inMs = this.#failures <= 1 ? 0 : backoffOf(this.#failures)
    const fields = { worker: this.number, code, signal, inMs, reason: this.#failure?.message }
    this.#log.warn(fields, 'Worker ended; another is started')
    this.#timer = setTimeout(() => this.start(), inMs)
  }
}

function backoffOf(failures: number): number {
  return Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** (failures - 2))
}
