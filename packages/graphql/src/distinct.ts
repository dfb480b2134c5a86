import type { Session, SessionOptions } from '@heartline/session/fetch'
import type { EventFields } from '@heartline/wire'
import type { ExecutionResult } from 'graphql'
import type { Exchange } from './exchange.ts'
import type { Execution } from './execution.ts'
import { FrameGate } from './frame-gate.ts'
import { distinctFrames } from './frames.ts'
import type { OpenStreams } from './open-streams.ts'
import { OperationRun } from './operation-run.ts'

/** What streams of their own need to know. */
export interface DistinctTerms {
  readonly session: SessionOptions
  readonly minEventInterval: number
  readonly report: (error: unknown) => void
  readonly streams: OpenStreams
}

/** Answers one operation with a stream of its own: results, `complete`, the end. */
export function openDistinct(
  exchange: Exchange<unknown>,
  execution: Execution,
  terms: DistinctTerms,
): void {
  const session = openFor(exchange, execution, terms.session)
  const run = new OperationRun(execution, {
    session,
    gate: new FrameGate(session),
    frames: distinctFrames,
    minEventInterval: terms.minEventInterval,
    report: terms.report,
    onEnd: (_end, resume) => session.close(resume ? 'drained' : 'finished'),
  })
  terms.streams.add(session, () => run.stop())
  void run.start()
}

/** Where the head was sent by somebody else, the operation never begins. */
function openFor(
  exchange: Exchange<unknown>,
  execution: Execution,
  options: SessionOptions,
): Session {
  try {
    return exchange.open(options)
  } catch (error) {
    execution.end('failed')
    throw error
  }
}

/** What was wrong before execution is told on an accepted stream. */
export function openRefused(
  exchange: Exchange<unknown>,
  result: ExecutionResult,
  { session, streams }: Pick<DistinctTerms, 'session' | 'streams'>,
): void {
  // Written before the head is sent: what cannot be written is still a status.
  const refused = distinctFrames.next(result, {})
  const stream = exchange.open(session)
  streams.add(stream, () => undefined)
  void tell(stream, [refused, distinctFrames.complete()])
}

async function tell(stream: Session, frames: readonly EventFields[]): Promise<void> {
  const gate = new FrameGate(stream)
  for (const frame of frames) await gate.send(() => frame, stream.signal)
  stream.close('finished')
}
