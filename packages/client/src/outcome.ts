import { HeartlineError } from '@heartline/wire'
import { toFailure } from '#failure'
import { contentType, noContent, refused, redirectOrigin, toError } from './errors.ts'
import { readProblem } from './problem.ts'

/** How one request for a stream ended. */
export interface Outcome {
  readonly error: HeartlineError
  /**
   * `retry`: up the ladder. `refresh`: at once with a new token, once. `restart`: without the place,
   * which the server does not know. `stop`: never again.
   */
  readonly verdict: 'retry' | 'refresh' | 'restart' | 'stop'
  /** What the server asked to wait with this answer, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  /** A good end of a stream, which says nothing against the server. */
  readonly isClean?: boolean | undefined
}

/** What the classification of an answer needs to know. */
export interface AnswerContext {
  readonly url: string
  /** A stream of this client was open before, so the address is right. */
  readonly wasOpen: boolean
  /** Unix milliseconds. */
  readonly now: number
}

/** Says what an answer means, or none. */
export interface Judge {
  /** Why an answer is no stream; undefined when it is one. */
  refuse(response: Response, context: AnswerContext): Promise<Outcome | undefined>
  /** Why a request got no answer, or why its stream broke. */
  explain(url: string, thrown: unknown, wasAnswered: boolean): Outcome
}

/** How a client judges. @param mayLeaveOrigin Redirects to other origins are fine. */
export function toJudge(mayLeaveOrigin: boolean): Judge {
  return {
    refuse: async (response, context) =>
      (mayLeaveOrigin ? undefined : refuseOrigin(response, context)) ?? refuse(response, context),
    explain: (url, thrown, wasAnswered) => ({
      error: toFailure(url, thrown, wasAnswered),
      verdict: 'retry',
    }),
  }
}

/** Statuses of the fourth hundred that another time may change: timeout, too early, too many. */
const PASSING = [408, 425, 429]
/** Statuses of the fifth hundred that no time changes: not implemented, HTTP version. */
const LASTING = [501, 505]

function refuseOrigin(response: Response, context: AnswerContext): Outcome | undefined {
  const { url } = context
  if (!response.redirected) return undefined
  const { origin: target } = new URL(response.url)
  if (target === new URL(url).origin) return undefined
  return { error: toError(redirectOrigin, { url, target }), verdict: unlessPortal(context) }
}

/** Reads the body of a refusal. */
async function refuse(response: Response, context: AnswerContext): Promise<Outcome | undefined> {
  const { url } = context
  const { status } = response
  if (isEventStream(response)) return undefined
  if (status === 200) {
    const details = { url, contentType: response.headers.get('Content-Type') ?? '' }
    return { error: toError(contentType, details), verdict: unlessPortal(context) }
  }
  if (status === 204) return { error: toError(noContent, { url, status }), verdict: 'stop' }
  return toRefusal(response, context)
}

/** Behind a captive portal every address answers like that, but only for a while. */
function unlessPortal({ wasOpen }: AnswerContext): 'retry' | 'stop' {
  return wasOpen ? 'retry' : 'stop'
}

function toVerdict(status: number, code: string): Outcome['verdict'] {
  if (status === 401) return 'refresh'
  if (code === 'HL_CURSOR_INVALID') return 'restart'
  return isPassing(status) ? 'retry' : 'stop'
}

/** True for a status that another time may change. */
export function isPassing(status: number): boolean {
  return PASSING.includes(status) || (status >= 500 && !LASTING.includes(status))
}

/** What an answer means that is neither a stream nor a success. The error's cause is the `Problem`. */
export async function toRefusal(
  response: Response,
  { url, now }: Pick<AnswerContext, 'url' | 'now'>,
): Promise<Outcome> {
  const problem = await readProblem(response)
  const { status, code, title, detail } = problem
  const details = { url, status, code, reason: detail || title || 'no reason' }
  return {
    error: new HeartlineError(
      { ...refused, status, retryable: isPassing(status) },
      details,
      problem,
    ),
    verdict: toVerdict(status, code),
    retryAfterMs: toRetryAfter(response, now),
  }
}

/**
 * True for a 200 with `text/event-stream`, with parameters or without. Of several types the last
 * counts.
 */
export function isEventStream({ status, headers }: Response): boolean {
  const type = headers.get('Content-Type') ?? ''
  return status === 200 && /(^|,)\s*text\/event-stream\s*(;([^",]|"[^"]*")*)?$/i.test(type)
}

/** Milliseconds that an answer asks to wait: seconds or a date; 0 when it asks for nothing. */
export function toRetryAfter({ headers }: Response, now: number): number {
  const value = headers.get('Retry-After') ?? ''
  const ms = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return ms > 0 ? ms : 0
}
