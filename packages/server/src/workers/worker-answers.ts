import type { SeatParts } from '../peers/seat.ts'
import type { Answers } from './channel.ts'
import type { WorkerQuestions } from './questions.ts'

/** What a worker answers. Until its hub is there it has no sessions and knows nobody. */
export function workerAnswers(
  parts: () => SeatParts | undefined,
  leave: () => void,
): Answers<WorkerQuestions> {
  return {
    sessions: ({ after, limit }) => parts()?.hub.sessionsByOpening(after, limit) ?? [],
    session: ({ id }) => parts()?.hub.session(id) ?? null,
    end: ({ id, reconnect }) => parts()?.hub.endSession(id, { reconnect }) ?? false,
    ack: ({ id, request }) => parts()?.hub.ack(id, request) ?? false,
    renew: ({ id, request }) => parts()?.hub.renew(id, request) ?? false,
    presence: ({ topic }) => parts()?.hub.presence(topic) ?? [],
    metrics: () => parts()?.metrics.json() ?? [],
    drain: () => {
      leave()
      return null
    },
  }
}
