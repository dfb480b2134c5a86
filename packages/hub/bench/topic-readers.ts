// The readers of `topics.ts` that are real sockets, each on a topic of its own.
// Arguments: port, readers.

import { connect } from 'node:net'

const [port, readers] = process.argv.slice(2).map(Number)
const IN_FLIGHT = 200
const buffer = Buffer.alloc(65_536)
let opened = 0
let live = 0

function open(): void {
  if (opened === readers) return
  const path = `/?topic=room/${opened++}`
  let isLive = false
  const onread = {
    buffer,
    callback: (bytes: number): boolean => {
      if (isLive || !buffer.toString('latin1', 0, bytes).includes('heartline.cursor')) return true
      isLive = true
      live++
      if (live === readers) console.log('live')
      open()
      return true
    },
  }
  const socket = connect({ port: port ?? 0, host: '127.0.0.1', onread }, () => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  })
}

for (let n = 0; n < IN_FLIGHT; n++) open()
