/** The time in which a client must have sent its headers: bounds slow ones (slowloris). */
export const HEADERS_TIMEOUT_MS = 10_000
/** Longer than the 60 s of common proxies: else they reuse a connection that we just closed. */
export const KEEP_ALIVE_MS = 65_000
