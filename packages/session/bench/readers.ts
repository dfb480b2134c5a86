/** Child process: opens `count` connections to `port`, reads everything, keeps nothing. */
import net from 'node:net'

const [port = '0', count = '0'] = process.argv.slice(2)
let open = 0
for (let i = 0; i < Number(count); i++) {
  const socket = net.connect(Number(port), '127.0.0.1', () => {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  })
  socket.once('data', () => {
    if (++open === Number(count)) process.send?.('open')
    socket.on('data', () => undefined)
    socket.resume()
  })
  socket.on('error', () => undefined)
}
