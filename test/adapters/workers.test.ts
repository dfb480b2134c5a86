import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { expect, it, onTestFinished } from 'vitest'
import { freePort } from '../kit/free-port.ts'
import { binaryOf } from '../runtimes/runtime.ts'
import { sleep, until } from '../../packages/session/test/kit/reader.ts'
import { Client } from './client.ts'

const WORKERD = { package: 'workerd', version: '1.20261117.1', calledItself: '2026-11-17' } as const
const ENTRY = fileURLToPath(new URL('./workers/worker.ts', import.meta.url))
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
);
`
const workerd = await binaryOf(WORKERD).catch((error: unknown) => {
  // Where everything can be installed, a runtime that is not there is a mistake.
  if (process.env['CI'] !== undefined) throw error
  console.warn(`Skipped. workerd cannot be installed from npm: ${String(error)}`)
})

async function start(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'heartline-workers-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const bundle = await rolldown({
    input: ENTRY,
    logLevel: 'silent',
    resolve: { conditionNames: ['@heartline/source', 'workerd', 'import', 'default'] },
  })
  await bundle.write({ file: join(folder, 'worker.js'), format: 'esm' })
  await bundle.close()
  const config = join(folder, 'config.capnp')
  await writeFile(config, CONFIG)
  const port = await freePort()
  const args = ['serve', config, '--socket-addr', `http=127.0.0.1:${port}`]
  const child = spawn(workerd!, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => (log += String(chunk)))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  for (let i = 0; i < 200; i++) {
    if (await fetch(`http://127.0.0.1:${port}/counts`).catch(() => undefined)) return port
    if (child.exitCode !== null) break
    await sleep(50)
  }
  throw new Error(`workerd did not start: ${log}`)
}

it.skipIf(workerd === undefined)(
  'Hono on Workers, HTTP/1: readers are served, refused, noticed to leave and ended',
  async () => {
    const port = await start()
    const counts = async (): Promise<{ open: number }> =>
      (await fetch(`http://127.0.0.1:${port}/counts`)).json() as Promise<{ open: number }>
    const reader = new Client(1, port)
    const { status, headers } = await reader.head
    expect(status).toBe(200)
    expect(headers['content-encoding']).toBeUndefined()
    expect(headers['access-control-expose-headers']).toContain('Heartline-Session')
    await until(() => reader.data.includes('hello'))
    await until(() => reader.received.comments.length >= 2)
    expect(await counts()).toMatchObject({ open: 1, handlers: 1 })
    reader.leave()
    for (let i = 0; i < 200 && (await counts()).open > 0; i++) await sleep(20)
    expect(await counts()).toMatchObject({ ended: { disconnected: 1 }, handlers: 0, aborted: 1 })
    const short = new Client(1, port, { path: '/ends' })
    await until(() => short.isFinished)
    expect(short.data).toEqual(['event 0', 'event 1', 'event 2'])
    expect(await counts()).toMatchObject({ ended: { finished: 1 }, open: 0, handlers: 0 })
    const statusOf = async (path: string, more = {}): Promise<number> =>
      (await new Client(1, port, { path, headers: more }).head).status
    expect(await statusOf('/private')).toBe(401)
    expect(await statusOf('/stream', { accept: 'application/json' })).toBe(406)
    expect(await statusOf('/throws')).toBe(500)
  },
  60_000,
)
