import type { Item } from './item.ts'

/** Whether a tab that asked for these selectors is to get the item. No selectors: all of them. */
export function isWanted({ topics }: Item, selectors: readonly string[]): boolean {
  if (topics === undefined || selectors.length === 0) return true
  return topics.some((topic) => selectors.some((selector) => matches(selector, topic)))
}

/** As the hub reads selectors: `*` stands for one level, `**` at the end for one or more. */
function matches(selector: string, topic: string): boolean {
  const wanted = selector.split('/')
  const levels = topic.split('/')
  const isDeep = wanted.at(-1) === '**'
  if (isDeep ? levels.length < wanted.length : levels.length !== wanted.length) return false
  return wanted.every((level, n) => level === '*' || level === '**' || level === levels[n])
}
