import http2 from 'node:http2'
import net from 'node:net'

/** `fin` and `reset` after the first event; `half` in the middle of the request. */
export type Leaving = 'fin' | 'reset' | 'half'

const HOW = ['fin', 'reset', 'half'] as const

/** 200 readers, fifty at a time. Answers how many of them were served. */
export async function vanish(version: 1 | 2, port: number): Promise<number> {
  let served = 0
  for (let wave = 0; wave < 4; wave++) {
    const hows = Array.from({ length: 50 }, (_n, i) => HOW[i % 3]!)
    await Promise.all(hows.map((how) => vanishOne(version, port, how)))
    served += hows.filter((how) => how !== 'half').length
  }
  return served
}

/** One reader of a path. Resolves when its connection is gone. */
export function vanishOne(
  version: 1 | 2,
  port: number,
  how: Leaving,
  path = '/stream',
): Promise<void> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    const leave = (): void => void (how === 'reset' ? socket.resetAndDestroy() : socket.destroy())
    if (how === 'half') {
      const begun =
        version === 1 ? `GET ${path} HTTP/1.1\r\nHost: a\r\nAcc` : 'PRI * HTTP/2.0\r\n\r\nS'
      socket.write(begun, leave)
    } else if (version === 1) {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
      socket.once('data', leave)
    } else {
      const connection = http2.connect('http://localhost', { createConnection: () => socket })
      connection.on('error', () => undefined)
      const stream = connection.request({ ':path': path })
      stream.on('error', () => undefined)
      // A refusal may have no body.
      stream.once('data', leave).once('end', leave)
    }
  })
}
