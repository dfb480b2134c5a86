// What most Node.js applications do: node:http, and one `response.write(string)` per reader and event.
// GET opens a stream, POST publishes its body. Usage: node node-http.mjs PORT
import { createServer } from 'node:http'

const readers = new Set()
let lastId = 0

function stream(response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
  response.flushHeaders()
  readers.add(response)
  response.on('close', () => readers.delete(response))
}

function publish(request, response) {
  let data = ''
  request.setEncoding('utf8')
  request.on('data', (chunk) => (data += chunk))
  request.on('end', () => {
    const event = `id: ${++lastId}\ndata: ${data}\n\n`
    for (const reader of readers) reader.write(event)
    response.writeHead(204).end()
  })
}

createServer((request, response) => {
  if (request.method === 'GET') stream(response)
  else publish(request, response)
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
