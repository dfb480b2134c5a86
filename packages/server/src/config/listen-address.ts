/** Where the server listens. */
export interface ListenAddress {
  /** Undefined = every address of the machine. */
  readonly host: string | undefined
  /** 0 = any free port. */
  readonly port: number
}

/** Reads `127.0.0.1:8420`, `:8420`, `[::1]:8420`, `localhost:8420`. Undefined when it is none. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]*)):(\d{1,5})$/.exec(text.trim())
  if (match === null) return undefined
  const port = Number(match[3])
  if (port > 65_535) return undefined
  const host = match[1] ?? match[2]
  return { host: host === '' ? undefined : host, port }
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
