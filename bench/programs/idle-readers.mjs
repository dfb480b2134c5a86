// Readers that only wait: bare sockets, because so many HTTP clients would cost more than the
// servers. Each process has its own source address, whose ports suffice for 28,000 connections.
// Usage: node idle-readers.mjs SOURCE_ADDRESS PORT COUNT [TOPICS]
// With TOPICS each reads so many topics that nobody else reads: `room/0`, `room/1` and so on.
// Prints `open N` once all have their stream, then `beats N` every five seconds: how many were told.
import { connect } from 'node:net'

const source = process.argv[2]
const [port, count, topics = 0] = process.argv.slice(3).map(Number)
const AT_ONCE = 128
const RETRY_MS = 100
const REPORT_MS = 5_000
const FIRST_PORT = 31_000
const PORTS = 30_000
const HEADERS = 'Host: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n'

let started = 0
let ports = 0
let open = 0
let lost = 0
let beats = 0
let isTold = false

function next() {
  if (started >= count) return
  openOne(started++)
}

/** What the reader of this number asks for. */
function query(number) {
  if (topics === 0) return 'topic=idle'
  return Array.from({ length: topics }, (_, n) => `topic=room/${number * topics + n}`).join('&')
}

function openOne(number) {
  // The kernel takes milliseconds to find a free port among thousands that are taken.
  const localPort = FIRST_PORT + (ports++ % PORTS)
  const socket = connect({ port, host: '127.0.0.1', localAddress: source, localPort })
  let isOpen = false
  socket.on('error', () => {})
  socket.on('connect', () => {
    socket.write(`GET /v1/events?${query(number)} HTTP/1.1\r\n${HEADERS}`)
  })
  socket.on('data', (chunk) => {
    if (isOpen) {
      if (chunk.includes(': hb ')) beats++
      return
    }
    // A full worker ends the stream at once; that is told with the end of the answer.
    if (!chunk.includes('200 OK') || chunk.includes('overloaded')) return socket.destroy()
    isOpen = true
    open++
    next()
    tell()
  })
  socket.on('close', () => {
    if (isOpen) lost++
    else setTimeout(openOne, RETRY_MS, number)
  })
}

function tell() {
  if (open < count || isTold) return
  isTold = true
  console.log(`open ${open}`)
  setInterval(() => {
    console.log(`beats ${beats} lost ${lost}`)
    beats = 0
  }, REPORT_MS)
}

for (let n = 0; n < AT_ONCE; n++) next()
// The parent holds the other end: when it goes, this goes.
process.stdin.on('end', () => process.exit(0)).resume()
