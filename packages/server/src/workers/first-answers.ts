import type { Hub } from '@heartline/hub'
import { decodeCursor, DEFAULT_LOG, HeartlineError } from '@heartline/wire'
import type { Tickets } from '../auth/ticket-store.ts'
import { serverErrors } from '../errors.ts'
import type { MetricsJson } from '../metrics/metrics.ts'
import type { Answers } from './channel.ts'
import type { MetricsSum } from './metrics-sum.ts'
import type { FirstQuestions, Gathered, WorkerQuestions } from './questions.ts'
import type { SettlingPoint } from './settling-point.ts'
import type { WorkerMetrics } from './worker-metrics.ts'
import type { WorkerSlot } from './worker-slot.ts'

/** What the first process answers from. */
export interface FirstParts {
  /** It sees every event of the log. */
  readonly hub: Hub
  readonly ownMetrics: () => Promise<MetricsJson>
  readonly workerMetrics: WorkerMetrics
  readonly sum: MetricsSum
  readonly tickets: Tickets
  readonly settling: SettlingPoint
  readonly slots: readonly WorkerSlot[]
}

/** What all workers ask the first process. */
export type SharedAnswers = Answers<
  Omit<FirstQuestions, 'listening' | 'failed' | 'orders' | 'settled'>
>

/** Answers for all: asks the workers, and tells what it holds itself. */
export function firstAnswers(parts: FirstParts): SharedAnswers {
  return {
    all: ({ name, body }) => gather(parts.slots, name, body as never),
    one: ({ number, name, body }) => {
      const slot = parts.slots.find((one) => one.number === number)
      return slot?.channel?.ask(name, body as never) ?? null
    },
    issue: (grant) => parts.tickets.issue(grant),
    redeem: ({ ticket }) => parts.tickets.redeem(ticket),
    topics: ({ limit }) => parts.hub.topics(limit),
    readiness: () => parts.hub.checkReady(),
    metrics: () => sumMetrics(parts),
  }
}

/** The newest entry of the log that the hub has seen: all that was acknowledged. */
export function newestOffset(hub: Hub): number {
  return decodeCursor(hub.cursor).positions.get(DEFAULT_LOG)?.offset ?? 0
}

async function sumMetrics(parts: FirstParts): Promise<string> {
  const { slots, workerMetrics, sum } = parts
  const told = new Map<number, MetricsJson>()
  const ask = async (slot: WorkerSlot): Promise<void> => {
    const metrics = await slot.channel?.ask('metrics', null).catch(ignoreSilent)
    if (metrics !== undefined) told.set(slot.number, metrics)
  }
  await Promise.all(slots.map(ask))
  workerMetrics.seen(slots.length, told)
  const own = await Promise.all([parts.ownMetrics(), workerMetrics.json()])
  return sum.text(told, own.flat())
}

async function gather<Name extends keyof WorkerQuestions>(
  slots: readonly WorkerSlot[],
  name: Name,
  body: WorkerQuestions[Name]['ask'],
): Promise<Gathered> {
  const answers: unknown[] = []
  const silent: number[] = []
  const ask = async ({ number, channel }: WorkerSlot): Promise<void> => {
    if (channel === undefined) return
    const answer = await channel.ask(name, body).catch(ignoreSilent)
    if (answer !== undefined) answers.push(answer)
    // One that has ended meanwhile has no sessions any more.
    else if (slots.some((slot) => slot.channel === channel)) silent.push(number)
  }
  await Promise.all(slots.map(ask))
  return { answers, silent: silent.sort((a, b) => a - b) }
}

/** What a worker refused is refused to whoever asked. */
function ignoreSilent(error: unknown): undefined {
  if (error instanceof HeartlineError && error.code === serverErrors.workerSilent.code) return
  throw error
}
