import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the kernel's range for outgoing connections, of which the generator opens thousands.
const LOWEST = 12_000
const HIGHEST = 30_000
const ATTEMPTS = 50

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST))
    if (await isFree(port)) return port
  }
  throw new Error(`No free port between ${LOWEST} and ${HIGHEST} after ${ATTEMPTS} attempts`)
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
