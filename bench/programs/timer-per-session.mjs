// What most Node.js applications do: node:http, and one `setInterval` with a `response.write` of a
// comment per reader. Usage: node timer-per-session.mjs PORT HEARTBEAT_MS
import { createServer } from 'node:http'

const heartbeatMs = Number(process.argv[3] ?? 15_000)

createServer((_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
  response.write(': hello\n\n')
  const timer = setInterval(() => response.write(`: hb ${Date.now()}\n\n`), heartbeatMs)
  response.on('close', () => clearInterval(timer))
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log('listening on http')
})
