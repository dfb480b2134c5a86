import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { learnHandle, plainHandleOf, TAKEN, writeToHandle } from '../src/handle.ts'

const READER = `
let bytes = 0
require('node:net').connect(process.argv[1], '127.0.0.1')
  .on('data', (part) => (bytes += part.length))
  .on('end', () => console.log(bytes))
`
const PART = Buffer.alloc(200_000)
const WRITES_PER_TURN = 50
const WRITING_MS = 2_000

describe('writing to a handle', () => {
  // Now and then the kernel takes nothing at the first try and everything at the second: then a
  // request is under way although nothing is queued. Used again, it would abort this process.
  it('waits for what is under way, also when nothing is queued', async () => {
    const server = net.createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const first = net.connect(port, '127.0.0.1')
    await Promise.all([once(first, 'connect'), once(server, 'connection')])
    expect(learnHandle(first, Buffer.from('x'))).toBe(true)
    // In a process of its own, so that it reads between two tries.
    const reader = spawn(process.execPath, ['-e', READER, String(port)])
    const [socket] = (await once(server, 'connection')) as [net.Socket]
    const handle = plainHandleOf(socket)
    if (handle === undefined) throw new Error('no handle')
    const endsAt = Date.now() + WRITING_MS
    let sent = 0
    await new Promise<void>((resolve) => {
      const write = (): void => {
        if (Date.now() > endsAt) return resolve()
        for (let n = 0; n < WRITES_PER_TURN; n++) {
          sent += PART.length
          if (writeToHandle(handle, PART, { completed: write }) !== TAKEN) return
        }
        setImmediate(write)
      }
      write()
    })
    socket.end()
    const [bytes] = (await once(reader.stdout, 'data')) as [Buffer]
    expect(Number(String(bytes))).toBe(sent)
    first.destroy()
    server.close()
  })
})
