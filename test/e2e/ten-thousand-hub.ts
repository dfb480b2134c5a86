// A hub inside node:http that tells its own resources. Started by ten-thousand.ts as a process of
// its own, because one process may not have enough file descriptors for both ends.

import { createHook } from 'node:async_hooks'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createMemoryBroker } from '@heartline/broker'
import { createHub } from '@heartline/hub'

/** What the hub process says of itself. */
export interface ResourceReport {
  readonly sessions: number
  /** Timers that keep the process alive, as Node lists them. */
  readonly activeTimeouts: number
  /** Timers of any kind that were made since the start, also those that Node does not list. */
  readonly timeoutsMade: number
  readonly rssBytes: number
  readonly heapBytes: number
  /** Of the process, since its start. */
  readonly cpuMs: number
}

let timeoutsMade = 0

createHook({
  init(_id, type) {
    if (type === 'Timeout') timeoutsMade++
  },
}).enable()

const heartbeatMs = Number(process.argv[2] ?? 15_000)
const hub = await createHub({ broker: createMemoryBroker(), heartbeatMs })

const server = createServer((request, response) => {
  if (request.url === '/report') report(response)
  else if (request.url === '/publish') {
    void hub.publish([{ topic: 'idle', data: 'now' }]).then(() => response.end())
  } else hub.open(request, response, hub.admit({ selectors: ['idle'] }))
})

function report(response: ServerResponse): void {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const { sessions } = hub.stats()
  const body: ResourceReport = {
    sessions,
    activeTimeouts: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
    timeoutsMade,
    rssBytes: rss,
    heapBytes: heapUsed,
    cpuMs: (user + system) / 1000,
  }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(body))
}

server.listen(0, '127.0.0.1', 4_096, () => {
  process.stdout.write(`port ${(server.address() as AddressInfo).port}\n`)
})
// The parent holds the other end: when it goes, this goes.
process.stdin.on('end', () => process.exit(0)).resume()
