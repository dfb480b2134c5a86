import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'

const LOWEST = 10_000
const ATTEMPTS = 100

/**
 * A free loopback port below the kernel's range for outgoing connections. A hub that is killed and
 * started again on a port inside that range can find it taken: a reader that retries meanwhile may
 * be given that very port as its own end and be connected to itself.
 */
export async function freePort(): Promise<number> {
  const highest = lowestOutgoingPort() - 1
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (highest - LOWEST))
    if (await isFree(port)) return port
  }
  throw new Error(`No free port between ${LOWEST} and ${highest} after ${ATTEMPTS} attempts`)
}

function lowestOutgoingPort(): number {
  try {
    return Number(
      readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1').split(/\s+/, 1)[0],
    )
  } catch {
    return 32_768
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
