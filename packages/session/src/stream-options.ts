import { HeartlineError } from '@heartline/wire'
import { acceptsEventStream } from './accept.ts'
import { sessionErrors } from './errors.ts'
import { checkNumber, type SessionOptions } from './options.ts'

/** How a stream that a handler feeds behaves, besides what its session does. */
export interface StreamHandlerOptions<Context = unknown> extends SessionOptions {
  /**
   * Runs before the handler, and before anything is sent: throw to refuse. What it answers are
   * further options of this one stream, as `expiresAtMs` of a token. Default: none.
   */
  readonly authorize?:
    | ((context: Context) => SessionOptions | void | Promise<SessionOptions | void>)
    | undefined
  /**
   * Ends the stream with `finished` when the handler is done. Default false: the handler may return,
   * and the stream stays open until `session.close()` is called or the reader goes.
   */
  readonly closeWhenDone?: boolean | undefined
  /**
   * How long the handler may take, in milliseconds. Then the stream ends with `handler-error` and
   * `HL_HANDLER_TIMEOUT`. Default 0 = as long as it likes.
   */
  readonly handlerTimeoutMs?: number | undefined
  /**
   * Refuses requests whose header `Accept` excludes `text/event-stream`, with `HL_NOT_ACCEPTABLE`
   * (406). Default true.
   */
  readonly checkAccept?: boolean | undefined
}

/** Throws `HL_HANDLER_INVALID`, `HL_OPTION_INVALID`, `HL_NOT_ACCEPTABLE`. */
export function checkStream(
  handler: unknown,
  accept: string | null | undefined,
  options: Pick<StreamHandlerOptions, 'checkAccept' | 'handlerTimeoutMs'>,
): void {
  if (typeof handler !== 'function') {
    const given = handler === null ? 'null' : typeof handler
    throw new HeartlineError(sessionErrors.handlerInvalid, { given })
  }
  checkNumber('handlerTimeoutMs', options.handlerTimeoutMs ?? 0)
  if (options.checkAccept !== false) checkAccept(accept)
}

/** Throws `HL_NOT_ACCEPTABLE`. */
export function checkAccept(accept: string | null | undefined): void {
  if (!acceptsEventStream(accept)) throw new HeartlineError(sessionErrors.notAcceptable)
}

/** Throws `HL_METHOD_NOT_ALLOWED` unless it is GET or HEAD. */
export function checkMethod(method: string | undefined): void {
  if (method === 'GET' || method === 'HEAD') return
  throw new HeartlineError(sessionErrors.methodNotAllowed, { method: method ?? 'nothing' })
}

const answered = new WeakSet<object>()

/**
 * A request is answered once: rejects with `HL_HEAD_SENT` for the second time, unless the first answer
 * was a refusal, which somebody else may have a stream for.
 */
export async function answerOnce<Answer>(
  request: object,
  answer: () => Answer | Promise<Answer>,
): Promise<Answer> {
  if (answered.has(request)) throw new HeartlineError(sessionErrors.headSent)
  answered.add(request)
  try {
    return await answer()
  } catch (error) {
    answered.delete(request)
    throw error
  }
}

/** What a run needs of the options. */
export function runTerms(options: StreamHandlerOptions<never>): {
  readonly closeWhenDone: boolean
  readonly handlerTimeoutMs: number
} {
  const { closeWhenDone = false, handlerTimeoutMs = 0 } = options
  return { closeWhenDone, handlerTimeoutMs }
}
