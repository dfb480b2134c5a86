/** Child process: breaks what sessions use of Node's inner workings, then runs the self-test. */
import { createRequire } from 'node:module'
import net from 'node:net'
import { allowedSeam, testSeams } from '../../src/index.ts'

type Write = (request: Record<string, unknown>, bytes: Uint8Array) => number
type Handle = { writeBuffer: Write; readonly writeQueueSize: number }
type WithHandle = net.Socket & { _handle: Handle }

const fault = process.argv[2]

/** What all handles of connections inherit from. */
async function handlePrototype(): Promise<Handle> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  await new Promise((resolve) => socket.once('connect', resolve))
  let prototype: Handle = (socket as WithHandle)._handle
  while (!Object.hasOwn(prototype, 'writeBuffer')) prototype = Object.getPrototypeOf(prototype)
  socket.destroy()
  server.close()
  return prototype
}

const prototype = await handlePrototype()
const write = prototype.writeBuffer

/** Requests of node:net carry its own callback: only ours are treated badly. */
const isOurs = (request: Record<string, unknown>): boolean => !('callback' in request)

const faults: Record<string, Write> = {
  lose(this: Handle, request, bytes) {
    return write.call(this, request, isOurs(request) ? bytes.subarray(0, bytes.length - 1) : bytes)
  },
  double(this: Handle, request, bytes) {
    const status = write.call(this, request, bytes)
    if (!isOurs(request) || this.writeQueueSize === 0) return status
    const Request = request.constructor as new () => Record<string, unknown>
    return write.call(this, Object.assign(new Request(), { oncomplete: () => {} }), bytes)
  },
  swallow(this: Handle, request, bytes) {
    return isOurs(request) ? 0 : write.call(this, request, bytes)
  },
  refuse(this: Handle, request, bytes) {
    return isOurs(request) ? -22 : write.call(this, request, bytes)
  },
  silent(this: Handle, request, bytes) {
    const status = write.call(this, request, bytes)
    if (isOurs(request) && this.writeQueueSize > 0) request['oncomplete'] = () => {}
    return status
  },
}
const broken = faults[fault ?? '']
if (broken !== undefined) prototype.writeBuffer = broken
if (fault === 'no-owner') hideOwner()
if (fault === 'keep-listed') keepListed()

/** Node:http goes on counting connections that were taken away. */
function keepListed(): void {
  const { HTTPParser } = createRequire(import.meta.url)('_http_common') as {
    HTTPParser: { prototype: { remove: () => void } }
  }
  HTTPParser.prototype.remove = () => {}
}

function hideOwner(): void {
  const all = Object.getOwnPropertySymbols
  Object.getOwnPropertySymbols = (of) => (of instanceof Object && 'fd' in of ? [] : all(of))
}

const report = await testSeams()
console.log(JSON.stringify({ ...report, allowed: allowedSeam() }))
process.exit(0)
