import { DEFAULT_GRACE_MS, type CloseOptions } from './close-options.ts'
import type { EndReason } from './end-reason.ts'
import { checkNumber, invalid } from './options.ts'

const REASONS: Readonly<Record<EndReason, true>> = {
  disconnected: true,
  error: true,
  finished: true,
  'handler-error': true,
  drained: true,
  'max-age': true,
  blocked: true,
  slow: true,
  'token-expired': true,
  unresponsive: true,
  unreachable: true,
  ended: true,
  kicked: true,
}

/** Throws `HL_OPTION_INVALID` for another one: reasons are counted, each as a series of its own. */
export function checkReason(reason: EndReason): void {
  if (typeof reason === 'string' && Object.hasOwn(REASONS, reason)) return
  throw invalid('reason', reason, `one of ${Object.keys(REASONS).join(', ')}`)
}

/** The options with the default filled in. Throws `HL_OPTION_INVALID`. */
export function checkClosing(
  reason: EndReason,
  options: CloseOptions,
): CloseOptions & { readonly graceMs: number } {
  const { graceMs = DEFAULT_GRACE_MS } = options
  checkReason(reason)
  checkNumber('graceMs', graceMs)
  return { ...options, graceMs }
}
