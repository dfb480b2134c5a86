import { HeartlineError } from '@heartline/wire'
import { firstHeartbeat } from './adaptive-heartbeat.ts'
import { hubErrors } from './errors.ts'
import type { NamespaceTable } from './namespace.ts'
import type { ResolvedHubOptions } from './options.ts'
import { checkSelector, rightsCover } from './selector.ts'
import { checkStart } from './starting-point.ts'
import type { Subscription } from './subscriber.ts'
import type { SubscribeRequest } from './subscription.ts'

const MAX_SILENCE_SECONDS = 86_400

/** What a reader or a question about history may ask for. */
interface Asked {
  readonly selectors: readonly string[]
  readonly rights?: readonly string[] | undefined
  readonly anonymous?: boolean | undefined
}

type Limits = Pick<ResolvedHubOptions, 'maxSelectors' | 'maxTopicLength'>

/**
 * Checks the selectors and that the rights cover them.
 * @throws HeartlineError `HL_SELECTOR_*`
 */
export function checkAsked(asked: Asked, limits: Limits): readonly string[] {
  const { selectors } = asked
  if (selectors.length === 0) throw new HeartlineError(hubErrors.selectorsMissing)
  if (selectors.length > limits.maxSelectors) {
    throw new HeartlineError(hubErrors.selectorsTooMany, {
      count: selectors.length,
      max: limits.maxSelectors,
    })
  }
  for (const selector of selectors) {
    checkSelector(selector, limits.maxTopicLength)
    if (asked.anonymous === true || rightsCover(asked.rights, selector)) continue
    throw new HeartlineError(hubErrors.selectorForbidden, { selector })
  }
  return [...new Set(selectors)].sort()
}

/** Private events need a right of their own only where reading without rights is allowed. */
export function privateRightsOf(asked: Asked): readonly string[] | undefined {
  if (asked.anonymous !== true || asked.rights === undefined) return undefined
  return [...new Set(asked.rights)].sort()
}

/**
 * Checks a request before a byte is sent.
 * @throws HeartlineError `HL_SELECTOR_*`, `HL_CURSOR_INVALID`, `HL_SILENCE_INVALID`,
 *   `HL_TELL_INVALID`
 */
export function admit(
  request: SubscribeRequest,
  namespaces: NamespaceTable,
  limits: Limits,
): Subscription {
  const selectors = checkAsked(request, limits)
  const namespace = namespaces.ofSelector(request.selectors[0] ?? '**')
  return {
    selectors,
    privateRights: privateRightsOf(request),
    tellsTopics: checkTell(request.tell),
    subscriber: request.subscriber,
    expiresAtMs: request.expiresAtMs,
    from: checkStart(request.lastEventId, request.since),
    namespace,
    heartbeatMs: firstHeartbeat(namespace.heartbeatMs, checkSilence(request.silence)),
  }
}

/** Milliseconds. */
function checkSilence(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= MAX_SILENCE_SECONDS) return seconds * 1_000
  throw new HeartlineError(hubErrors.silenceInvalid, { max: MAX_SILENCE_SECONDS })
}

function checkTell(what: string | undefined): boolean {
  if (what === undefined || what === 'topics') return what !== undefined
  throw new HeartlineError(hubErrors.tellInvalid)
}
