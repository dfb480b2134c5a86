import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { node } from '@elysiajs/node'
import { Elysia } from 'elysia'

interface Listening {
  readonly port: number
  readonly onClose: () => Promise<void>
}

/** What the adapter for Node gives to the callback. */
interface NodeServer {
  readonly node: { readonly server: Server }
  readonly stop: () => unknown
}

/** Listens on Node, where `app.stop()` says that it does not run. */
export function listen(app: Pick<Elysia, 'handle'>, { port, onClose }: Listening): void {
  const how = { port, hostname: '127.0.0.1' }
  new Elysia({ adapter: node() }).use(app as Elysia).listen(how, (found) => {
    const { node: inner, stop } = found as unknown as NodeServer
    inner.server.once('listening', () => {
      const { port: taken } = inner.server.address() as AddressInfo
      console.log('listening on', `http://127.0.0.1:${taken}`)
    })
    inner.server.once('close', () => void onClose())
    process.once('SIGTERM', () => void stop())
  })
}
