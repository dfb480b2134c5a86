import { HeartlineError } from '@heartline/wire'
import { serverErrors } from '../errors.ts'

/** Sent with every request, so that the hub answers overload with a real 503. */
const CLIENT = 'heartline-cli'
const DEFAULT_URL = 'http://127.0.0.1:8420'

/** The hub that a command talks to. */
export interface Endpoint {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
}

/** Reads `--url` and `--token`, else `HEARTLINE_URL` and `HEARTLINE_TOKEN`. Throws `HL_USAGE`. */
export function toEndpoint(
  options: { readonly url?: string | undefined; readonly token?: string | undefined },
  environment: NodeJS.ProcessEnv,
): Endpoint {
  const url = options.url ?? (environment['HEARTLINE_URL'] || DEFAULT_URL)
  const token = options.token ?? (environment['HEARTLINE_TOKEN'] || undefined)
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new HeartlineError(serverErrors.usage, {
      reason: 'The url must begin with http:// or https://.',
    })
  }
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return { url: url.replace(/\/+$/, ''), headers: { 'heartline-client': CLIENT, ...authorization } }
}

/** `fetch` fails with a TypeError whose cause says why. */
export function toUnreachable(url: string, error: unknown): HeartlineError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = (cause as { code?: string }).code
  const reason = code ?? (cause instanceof Error ? cause.message : String(cause))
  return new HeartlineError(serverErrors.unreachable, { url, reason }, error)
}
