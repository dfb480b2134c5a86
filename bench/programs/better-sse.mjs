// npm better-sse: sessions in one channel, `channel.broadcast` per event, keep-alive off.
// GET opens a stream, POST publishes its body. Usage: node better-sse.mjs PORT
import { createServer } from 'node:http'
import { createChannel, createSession } from 'better-sse'

const channel = createChannel()
// As the other servers do, the text goes out as it is.
const options = { keepAlive: null, serializer: (data) => data }
let lastId = 0

async function stream(request, response) {
  channel.register(await createSession(request, response, options))
}

function publish(request, response) {
  let data = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => (data += chunk))
  request.on('end', () => {
    channel.broadcast(data, 'message', { eventId: String(++lastId) })
    response.writeHead(204).end()
  })
}

createServer((request, response) => {
  if (request.method === 'GET') void stream(request, response)
  else publish(request, response)
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
