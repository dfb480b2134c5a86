import { HeartlineError } from '@heartline/wire'
import { hubErrors } from './errors.ts'

/** Default of `maxTopicLength`, in UTF-16 code units. */
export const MAX_TOPIC_LENGTH = 256

// C0, DEL and C1 controls and lone surrogates: they vanish or change on their way through logs,
// terminals, JSON and URLs, so two topics that look the same would differ.
const UNSAFE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f]|[\ud800-\udbff](?![\udc00-\udfff])|(?:[^\ud800-\udbff]|^)[\udc00-\udfff]/

/** Why a name may not stand in a topic or selector, or undefined when it may. */
export function nameProblem(name: unknown, maxLength: number): string | undefined {
  if (typeof name !== 'string') return `a text is needed, a ${typeName(name)} was given`
  if (name === '') return 'it is empty'
  if (name.length > maxLength) return `it has ${name.length} characters`
  if (UNSAFE.test(name)) return 'it contains a control character or half a character'
  return undefined
}

/**
 * Checks a topic: 1 to `maxLength` characters, no control character, no `*`. Levels are
 * separated by `/` and may be empty, so that a URL can be a topic.
 * @throws HeartlineError `HL_TOPIC_INVALID`
 */
export function checkTopic(topic: unknown, maxLength: number = MAX_TOPIC_LENGTH): string {
  const reason =
    nameProblem(topic, maxLength) ??
    ((topic as string).includes('*') ? 'it contains `*`, which only selectors have' : undefined)
  if (reason !== undefined) throw new HeartlineError(hubErrors.topicInvalid, { reason, maxLength })
  return topic as string
}

/** What a value is, for a sentence to its giver. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'list' : typeof value
}
