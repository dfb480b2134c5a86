/** The packages that the trials of runtimes install: the hub and all it is made of. */
export const OF_RUNTIMES: ReadonlySet<string> = new Set([
  'heartline',
  '@heartline/wire',
  '@heartline/client',
  '@heartline/session',
  '@heartline/broker',
  '@heartline/broker-disk',
  '@heartline/broker-relay',
  '@heartline/hub',
  '@heartline/io-uring',
])
