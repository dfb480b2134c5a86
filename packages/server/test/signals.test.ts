import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'

const PROGRAM = new URL('../src/main.ts', import.meta.url).pathname

test('takes the same Ctrl-C from the terminal and from npm for one, and leaves in good order', async () => {
  const hub = await startHub()
  hub.child.kill('SIGINT')
  hub.child.kill('SIGINT')
  expect(await hub.exitCode).toBe(0)
})

test('ends at once on a second signal', async () => {
  const hub = await startHub()
  // A body under way is waited for.
  const { host, hostname, port } = new URL(hub.url)
  const slow = connect(Number(port), hostname)
  onTestFinished(() => {
    slow.destroy()
  })
  const head = `POST /v1/events HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json`
  slow.write(`${head}\r\nContent-Length: 100\r\n\r\n{`)
  await sleep(300)
  hub.child.kill('SIGTERM')
  await sleep(700)
  hub.child.kill('SIGTERM')
  expect(await hub.exitCode).toBe(1)
})

interface RunningHub {
  readonly child: ChildProcess
  readonly url: string
  readonly exitCode: Promise<number | null>
}

async function startHub(): Promise<RunningHub> {
  const node = ['--conditions=@heartline/source', '--import=tsx', PROGRAM]
  const child = spawn(process.execPath, [...node, 'serve', '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exitCode = once(child, 'exit').then(([code]) => code as number | null)
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  const url = /http:\S+/.exec(line)?.[0] ?? ''
  return { child, url, exitCode }
}
