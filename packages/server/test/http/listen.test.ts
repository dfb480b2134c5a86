import { spawn } from 'node:child_process'
import { mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { start } from '../kit.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'hl-listen-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function get(socketPath: string, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, resolve).once('error', reject).end()
  })
}

async function untilText(answer: IncomingMessage, wanted: string): Promise<string> {
  let text = ''
  for await (const chunk of answer) {
    text += String(chunk)
    if (text.includes(wanted)) break
  }
  return text
}

it('listens on a unix socket that only its user may use, and removes it at the end', async () => {
  const path = join(directory, 'hub.sock')
  const server = await start({ listen: `unix:${path}` })
  expect(server.url).toBe(`unix:${path}`)
  expect(server.isDevelopment).toBe(true)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const ready = await get(path, '/readyz')
  expect(ready.statusCode).toBe(200)
  ready.resume()
  await server.stop()
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined()
})

it('streams over a unix socket', async () => {
  const path = join(directory, 'hub.sock')
  const server = await start({ listen: `unix:${path}` })
  const answer = await get(path, '/v1/events?topic=a')
  expect(answer.headers['content-type']).toBe('text/event-stream')
  await server.hub.publish([{ topic: 'a', data: 'over the socket' }])
  expect(await untilText(answer, 'over the socket')).toContain('data: over the socket')
})

it('takes the place of a socket that a killed process left behind', async () => {
  const path = join(directory, 'hub.sock')
  await leaveStaleSocket(path)
  const server = await start({ listen: `unix:${path}` })
  const alive = await get(path, '/livez')
  alive.resume()
  expect(alive.statusCode).toBe(200)
  await server.stop()
})

it('refuses a socket at which another process listens', async () => {
  const path = join(directory, 'hub.sock')
  await start({ listen: `unix:${path}` })
  await expect(start({ listen: `unix:${path}` })).rejects.toMatchObject({
    code: 'HL_LISTEN_FAILED',
  })
})

it('refuses a file that is no socket, a missing directory and a path that is too long', async () => {
  const file = join(directory, 'file')
  writeFileSync(file, 'mine')
  const paths = [file, join(directory, 'none', 'x.sock'), join(directory, 'x'.repeat(110))]
  for (const path of paths) {
    await expect(start({ listen: `unix:${path}` })).rejects.toMatchObject({
      code: 'HL_LISTEN_FAILED',
    })
  }
  expect(statSync(file).size).toBe(4)
})

/** `kill -9` leaves the file; so does a handle that is closed without the server's knowledge. */
async function leaveStaleSocket(path: string): Promise<void> {
  const code = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.stdout.write('x'))`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve) => child.stdout.once('data', resolve))
  child.kill('SIGKILL')
  await new Promise((resolve) => child.once('exit', resolve))
  expect(statSync(path).isSocket()).toBe(true)
}
