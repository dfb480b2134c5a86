import type { ExecutionResult } from 'graphql'
import type { MediaType } from './accept.ts'
import { toError } from './errors.ts'
import type { Reply } from './exchange.ts'
import type { Execution } from './execution.ts'
import { jsonReply, textReply } from './reply.ts'

/**
 * Answers a query or mutation as GraphQL over HTTP says.
 *
 * @throws HeartlineError `HL_GRAPHQL_SUBSCRIPTION_NOT_ACCEPTABLE`; what execution throws
 */
export async function answerOverHttp(
  execution: Execution,
  type: MediaType,
  signal: AbortSignal,
): Promise<Reply> {
  const stop = (): void => execution.end('stopped')
  if (signal.aborted) {
    stop()
    // Nobody reads it: the client left while hooks were asked.
    return textReply(408)
  }
  signal.addEventListener('abort', stop, { once: true })
  try {
    const result = await execution.start()
    if (Symbol.asyncIterator in result) {
      void result[Symbol.asyncIterator]()
        .return?.()
        .catch(() => undefined)
      throw toError('subscriptionNotAcceptable')
    }
    const reply = jsonReply(result, { status: statusOf(result, type), type })
    execution.end('completed')
    return reply
  } finally {
    signal.removeEventListener('abort', stop)
    execution.end('failed')
  }
}

/**
 * A result without `data` was refused before execution (variables). The older media type says so
 * with 200, because clients of it take other statuses for those of a middlebox.
 */
export function statusOf(result: ExecutionResult | object, type: MediaType): number {
  if (type !== 'application/graphql-response+json') return 200
  return 'data' in result ? 200 : 400
}
