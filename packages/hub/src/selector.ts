import { HeartlineError } from '@heartline/wire'
import { hubErrors } from './errors.ts'
import { MAX_TOPIC_LENGTH, nameProblem } from './topic.ts'

/** Matches exactly one level. */
export const ONE_LEVEL = '*'
/** Matches one or more levels. Only as the last level. */
export const ANY_DEPTH = '**'

/** Whether a valid selector is more than a topic. */
export function isPattern(selector: string): boolean {
  return selector.includes('*')
}

/**
 * Checks a selector: a topic in which whole levels may be `*`, and the last one `**`.
 * @throws HeartlineError `HL_SELECTOR_INVALID`
 */
export function checkSelector(selector: unknown, maxLength: number = MAX_TOPIC_LENGTH): string {
  const reason = nameProblem(selector, maxLength) ?? patternProblem(selector as string)
  if (reason !== undefined) throw new HeartlineError(hubErrors.selectorInvalid, { reason })
  return selector as string
}

function patternProblem(selector: string): string | undefined {
  if (!isPattern(selector)) return undefined
  const levels = selector.split('/')
  for (const [index, level] of levels.entries()) {
    if (level === ANY_DEPTH && index < levels.length - 1) return '`**` may only be the last level'
    if (level !== ANY_DEPTH && level !== ONE_LEVEL && level.includes('*')) {
      return '`*` and `**` stand for whole levels'
    }
  }
  return undefined
}

/** Whether a valid selector matches a topic. */
export function selectorMatches(selector: string, topic: string): boolean {
  return isPattern(selector) ? selectorCovers(selector, topic) : selector === topic
}

/** Whether every topic that `selector` matches is also matched by `right`. Both must be valid. */
export function selectorCovers(right: string, selector: string): boolean {
  if (right === selector || right === ANY_DEPTH) return true
  const rightLevels = right.split('/')
  const levels = selector.split('/')
  for (const [index, level] of rightLevels.entries()) {
    const asked = levels[index]
    if (asked === undefined) return false
    if (level === ANY_DEPTH) return true
    if (asked === ANY_DEPTH) return false
    if (level !== ONE_LEVEL && level !== asked) return false
  }
  return rightLevels.length === levels.length
}

/** Whether one of the rights covers the selector or topic. Undefined rights allow everything. */
export function rightsCover(rights: readonly string[] | undefined, selector: string): boolean {
  return rights === undefined || rights.some((right) => selectorCovers(right, selector))
}
