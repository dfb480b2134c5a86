import { HeartlineError } from '@heartline/wire'
import { hubErrors } from './errors.ts'
import type { NamespaceTable } from './namespace.ts'
import type { ResolvedHubOptions } from './options.ts'
import { checkSelector, rightsCover } from './selector.ts'
import { checkStart } from './starting-point.ts'
import type { Subscription } from './subscriber.ts'
import type { SubscribeRequest } from './subscription.ts'

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
 * @throws HeartlineError `HL_SELECTOR_*`, `HL_CURSOR_INVALID`
 */
export function admit(
  request: SubscribeRequest,
  namespaces: NamespaceTable,
  limits: Limits,
): Subscription {
  const selectors = checkAsked(request, limits)
  return {
    selectors,
    privateRights: privateRightsOf(request),
    subscriber: request.subscriber,
    expiresAtMs: request.expiresAtMs,
    from: checkStart(request.lastEventId, request.since),
    namespace: namespaces.ofSelector(request.selectors[0] ?? '**'),
  }
}
