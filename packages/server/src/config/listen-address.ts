/** Where the server listens. */
export interface ListenAddress {
  /** Undefined = every address of the machine. */
  readonly host: string | undefined
  /** 0 = any free port. */
  readonly port: number
  /** A unix socket instead of an address; `host` is undefined and `port` 0 then. */
  readonly path?: string | undefined
}

const UNIX = 'unix:'

/**
 * Reads `127.0.0.1:8420`, `:8420`, `[::1]:8420`, `localhost:8420`, `unix:/run/heartline.sock`.
 * Undefined when it is none.
 */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith(UNIX)) return parseSocketPath(trimmed.slice(UNIX.length))
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(trimmed)
  if (match === null) return undefined
  const port = Number(match[3])
  if (port > 65_535) return undefined
  const host = match[1] ?? match[2]
  return { host: host === '' ? undefined : host, port }
}

/** `unix:8420` is more likely a slip than the name of a file. */
function parseSocketPath(path: string): ListenAddress | undefined {
  const isPath = path.includes('/') && !path.endsWith('/') && !path.includes('\0')
  return isPath ? { host: undefined, port: 0, path } : undefined
}

/** As it stands in messages: `127.0.0.1:8420`, `:8420 (all addresses)`, `unix:/run/x.sock`. */
export function describeListen({ host, port, path }: ListenAddress): string {
  if (path !== undefined) return `${UNIX}${path}`
  return host === undefined ? `:${port} (all addresses)` : formatHostPort(host, port)
}

/** True when only this machine can reach it. */
export function isLocalListen({ host, path }: ListenAddress): boolean {
  return path !== undefined || isLoopbackHost(host)
}

/** True when a host name or address (brackets allowed) cannot be reached from another machine. */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false
  const name = host.replace(/^\[|\]$/g, '').toLowerCase()
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1') return true
  return /^(::ffff:)?127(\.\d{1,3}){3}$/.test(name)
}

/** `host:port` as it stands in a URL. */
export function formatHostPort(host: string | undefined, port: number): string {
  if (host === undefined) return `localhost:${port}`
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
