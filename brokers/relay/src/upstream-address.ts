/** Where the upstream hub listens. */
export interface UpstreamAddress {
  /** As it was given. */
  readonly url: string
  readonly isTls: boolean
  /** For `node:http`. */
  readonly target:
    | { readonly socketPath: string }
    | { readonly host: string; readonly port: number }
  /** Put before every path, without a slash at its end. */
  readonly prefix: string
}

const UNIX = 'unix:'

/**
 * Reads `http://HOST:PORT`, `https://HOST:PORT` (a path is put before the hub's own) and
 * `unix:/PATH`. Undefined when it is none. User and password are not taken: use a token.
 */
export function parseUpstreamUrl(url: string): UpstreamAddress | undefined {
  if (url.startsWith(UNIX)) return parseSocketPath(url)
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, pathname, search, hash, username, password } = new URL(url)
  const isTls = protocol === 'https:'
  if (!isTls && protocol !== 'http:') return undefined
  if (hostname === '' || `${search}${hash}${username}${password}` !== '') return undefined
  const host = hostname.replace(/^\[|\]$/g, '')
  const target = { host, port: port === '' ? (isTls ? 443 : 80) : Number(port) }
  return { url, isTls, target, prefix: pathname.replace(/\/+$/, '') }
}

function parseSocketPath(url: string): UpstreamAddress | undefined {
  const socketPath = url.slice(UNIX.length)
  if (!socketPath.includes('/') || socketPath.includes('\0')) return undefined
  return { url, isTls: false, target: { socketPath }, prefix: '' }
}
