import type { RequestOptions } from '../request.ts'
import { RequestSource } from '../request.ts'
import type { ToMember } from './message.ts'
import type { Station } from './station.ts'

/** Gives a shared worker the headers of its next request: it cannot call functions of a page. */
export async function answerAsk(
  options: RequestOptions,
  { ask, refresh }: ToMember & { readonly kind: 'ask' },
  from: string,
  station: Station,
): Promise<void> {
  const { signal } = new AbortController()
  const still = { attempt: 1, endpoint: 0, lastEventId: '', silence: 0 }
  try {
    const headers = await new RequestSource(options).headers({ ...still, refresh, signal })
    station.post({ kind: 'headers', from, ask, headers: [...headers] })
  } catch {
    // The worker asks another tab when no answer comes.
  }
}
