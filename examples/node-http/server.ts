import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createMemoryBroker } from '@heartline/broker'
import { createHub, createNodeHandler } from '@heartline/hub'

const hub = await createHub({ broker: createMemoryBroker() })
const users = new Map([
  ['Bearer ann-secret', 'ann'],
  ['Bearer bob-secret', 'bob'],
])
const userOf = (request: IncomingMessage): string | undefined =>
  users.get(request.headers.authorization ?? '')

const events = createNodeHandler(hub, {
  authorize: (request) => ({ selectors: [`notes/${userOf(request as IncomingMessage)}`] }),
})

async function publish(request: IncomingMessage, response: ServerResponse, to: string) {
  const body = await new Response(request as unknown as ReadableStream).json()
  const data = { from: userOf(request), text: String((body as { text: unknown }).text) }
  const published = await hub.publish([{ topic: `notes/${to}`, type: 'note', data }])
  response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(published))
}

const server = createServer((request, response) => {
  const [, to] = /^\/notes\/(\w+)$/.exec(request.url ?? '') ?? []
  const fail = (): void => void response.writeHead(400).end()
  if (userOf(request) === undefined) response.writeHead(401).end('Who are you?')
  else if (request.url?.startsWith('/events') === true) void events(request, response)
  else if (to === undefined) response.writeHead(404).end()
  else publish(request, response, to).catch(fail)
})

server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  console.log('listening on', `http://127.0.0.1:${(server.address() as { port: number }).port}`)
})
process.once('SIGTERM', () => {
  server.close()
  // Tells the readers when to come back, spread over the time, and ends their streams.
  void hub.drain({ deadlineMs: 2_000 }).then(() => hub.close())
})
