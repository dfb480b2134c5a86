import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { until } from '../../packages/session/test/kit/reader.ts'
import { freePort } from '../kit/free-port.ts'
import { Client } from './client.ts'
import { buildNitro, nitros } from './nitro/build.ts'

const READERS = 100

/** The server as Nitro builds it, as a process. */
async function start(server: string): Promise<{ port: number; stop: () => Promise<number> }> {
  // To Nitro 3 port 0 is 3000.
  const port = await freePort()
  const env = { ...process.env, PORT: String(port), HOST: '127.0.0.1', NITRO_TEST_ALONE: '1' }
  const child = spawn(process.execPath, [server], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let said = ''
  for (const out of [child.stdout, child.stderr]) out.on('data', (text: Buffer) => (said += text))
  await until(() => said.includes(`:${port}`) || child.exitCode !== null, 'it listens')
  expect(child.exitCode, said).toBeNull()
  const stop = async (): Promise<number> => {
    const exit = once(child, 'exit')
    child.kill('SIGTERM')
    const [code] = (await exit) as [number]
    return code
  }
  return { port, stop }
}

describe.each(await nitros())('$name, its own server', (nitro) => {
  it('ends 100 streams in under a second at SIGTERM, and is gone', async () => {
    const built = await buildNitro({ ...nitro, preset: 'node-server' })
    const { port, stop } = await start(fileURLToPath(built))
    const clients = Array.from({ length: READERS }, (_n, i) =>
      i % 2 === 0
        ? new Client(1, port)
        : new Client(1, port, { path: '/events?topic=news', headers: { authorization: 'yes' } }),
    )
    onTestFinished(() => clients.forEach((client) => client.leave()))
    await until(() => clients.every(({ received }) => received.text.includes('retry:')))
    const begin = performance.now()
    const code = await stop()
    const ms = performance.now() - begin
    expect(code).toBe(0)
    await until(() => clients.every(({ isGone }) => isGone))
    expect(clients.filter(({ received }) => !received.text.includes('heartline.drain'))).toEqual([])
    expect(ms).toBeLessThan(3_000)
  }, 240_000)
})
