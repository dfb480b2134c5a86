import type { ErrorEntry, HeartlineError } from '@heartline/wire'
import { broken, dns, network, reasonOf, redirectLoop, tls, toError } from './errors.ts'

// Not in the bundle of a page: `failure.browser.ts` takes the place of this file there.

const DNS = /ENOTFOUND|EAI_|dns|name not|resolve/i
const TLS = /CERT|SSL|TLS|EPROTO|handshake|corrupt message/i

/** Why there was no answer, or no more of it. */
export function toFailure(url: string, thrown: unknown, wasAnswered: boolean): HeartlineError {
  const reason = deepestReason(thrown)
  return toError(wasAnswered ? broken : whyNoAnswer(reason), { url, reason }, thrown)
}

function whyNoAnswer(reason: string): ErrorEntry {
  if (/redirect/i.test(reason)) return redirectLoop
  if (DNS.test(reason)) return dns
  return TLS.test(reason) ? tls : network
}

/** `fetch` fails with "fetch failed", and why is in the cause. */
function deepestReason(thrown: unknown): string {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined
  if (cause instanceof Error) return deepestReason(cause)
  const code = (thrown as { code?: unknown } | undefined)?.code
  const reason = reasonOf(thrown).trim()
  return typeof code === 'string' && !reason.includes(code) ? `${code} ${reason}`.trim() : reason
}
