import type { PublishEvent, PublishResult } from '@heartline/hub'
import { toUnreachable, type Endpoint } from './endpoint.ts'
import { toRefusal } from './problem-error.ts'

/** Publishes events in one append. Rejects with the hub's error, or `HL_HUB_UNREACHABLE`. */
export async function postEvents(
  endpoint: Endpoint,
  events: readonly PublishEvent[],
): Promise<PublishResult[]> {
  const response = await fetch(`${endpoint.url}/v1/events`, {
    method: 'POST',
    headers: { ...endpoint.headers, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  }).catch((error: unknown) => {
    throw toUnreachable(endpoint.url, error)
  })
  if (!response.ok) throw await toRefusal(response)
  return (await response.json()) as PublishResult[]
}
