/** Child process, with --expose-gc: streams on node:http, and what is left of their objects. */
import http from 'node:http'
import net, { type AddressInfo } from 'node:net'
import { createNodeSession, testSeams, type Session } from '../../src/index.ts'
import { sleep, until } from './reader.ts'

const count = Number(process.argv[2] ?? 50)
const release = process.argv[3] !== 'false'
const collect = globalThis.gc as () => void

type Parser = object & { socket: unknown }

await testSeams()
const objects = { requests: [] as WeakRef<object>[], responses: [] as WeakRef<object>[] }
const parsers = new Set<WeakRef<Parser>>()
const sessions: Session[] = []
let served = 0
const server = http.createServer((request, response) => {
  served++
  objects.requests.push(new WeakRef(request))
  objects.responses.push(new WeakRef(response))
  parsers.add(new WeakRef((request.socket as net.Socket & { parser: Parser }).parser))
  sessions.push(createNodeSession(request, response, { release: release ? 'auto' : false }))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo

const texts: string[] = []
const peers: net.Socket[] = []
const heapBefore = await heap()
for (let i = 0; i < count; i++) {
  const peer = net.connect(port, '127.0.0.1')
  peer.on('data', (chunk) => (texts[i] = (texts[i] ?? '') + chunk.toString('latin1')))
  peer.on('error', () => undefined)
  peer.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  peers.push(peer)
}
await until(() => texts.filter((text) => text.includes('retry')).length === count)
const heapPerSession = ((await heap()) - heapBefore) / count
const left = (refs: Iterable<WeakRef<object>>): number =>
  [...refs].filter((ref) => ref.deref() !== undefined).length
const parsersInUse = [...parsers].filter((ref) => (ref.deref()?.socket ?? null) !== null).length
const report = {
  served,
  requests: left(objects.requests),
  responses: left(objects.responses),
  parsersInUse,
  heapPerSession: Math.round(heapPerSession),
}

for (const session of sessions) session.send({ data: 'still here' })
await until(() => texts.filter((text) => text.includes('still here')).length === count)
let closed = false
server.close(() => (closed = true))
await sleep(50)
const cut = sessions.filter((session) => session.isOver).length
for (const session of sessions) session.close()
await until(() => texts.filter((text) => text.endsWith('0\r\n\r\n')).length === count)
await until(() => closed, 'the server closes')
console.log(JSON.stringify({ ...report, cut, closed }))

/** After all that can be collected was. */
async function heap(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    await sleep(30)
    collect()
  }
  return process.memoryUsage().heapUsed
}
