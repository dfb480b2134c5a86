import type { SubscribeRequest } from './subscription.ts'

/** What the application says of a reader: who it is, what it may read, until when. */
export interface Admission extends Pick<
  SubscribeRequest,
  'subscriber' | 'rights' | 'anonymous' | 'expiresAtMs'
> {
  /** What it reads, instead of what its `?topic=` asks for. */
  readonly selectors?: readonly string[] | undefined
}

/** What a URL asks for, with its `?topic=`, `?lastEventId=`, `?since=`, `?silence=` and `?tell=`. */
export function toSubscribeRequest(
  url: string,
  lastEventId: string | undefined,
  admission: Admission = {},
): SubscribeRequest {
  const query = queryOf(url)
  return {
    ...admission,
    selectors: admission.selectors ?? query.getAll('topic'),
    lastEventId: lastEventId ?? query.get('lastEventId') ?? undefined,
    since: query.get('since') ?? undefined,
    silence: query.get('silence') ?? undefined,
    tell: query.get('tell') ?? undefined,
  }
}

/** Not through `URL`, which throws for targets that a client can send. */
function queryOf(url: string): URLSearchParams {
  const [path = ''] = url.split('#', 1)
  const start = path.indexOf('?')
  return new URLSearchParams(start === -1 ? '' : path.slice(start))
}
