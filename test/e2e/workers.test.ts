import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { childEnd, startChild } from '../kit/child.ts'
import { httpCall, postJson, type HttpAnswer } from '../kit/http-call.ts'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { openRawSocket, type RawSocket } from '../kit/raw-socket.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { allClaims, inSeconds, makeToken, TEST_SECRET } from '../kit/token.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'
import { childPids, isAlive, whileStopped, workerPids } from '../kit/worker-pids.ts'

const ADMIN = { authorization: `Bearer ${makeToken({ claims: allClaims() })}` }
const PROGRAM = new URL('../../packages/server/bin/heartline.js', import.meta.url).pathname

let hub: HubProcess
let directory: string
let clients: Client[]
let readers: RawSocket[]

beforeEach(async () => {
  directory = makeTempDirectory()
  clients = []
  readers = []
  hub = await startHub({
    store: `disk:${directory}/store`,
    flags: flags(),
    environment: { TMPDIR: directory },
  })
  await waitFor(() => workerPids(hub.errors).size === 2, { what: 'both workers are logged' })
})

afterEach(async () => {
  for (const client of clients) client.close()
  for (const reader of readers) reader.close()
  const pids = [hub.pid, ...workerPids(hub.errors).values()]
  await hub.stop()
  await waitFor(() => !pids.some(isAlive), { what: 'no process is left' })
  removeTempDirectory(directory)
})

function flags(): string[] {
  const secret = ['--key-secret', TEST_SECRET]
  return ['--workers', '2', ...secret, '--drain-deadline', '2s', '--retry', '100ms']
}

function pidOf(number: number): number {
  const pid = workerPids(hub.errors).get(number)
  if (pid === undefined) throw new Error(`There is no worker ${number}`)
  return pid
}

function othersThan(number: number): number[] {
  return [...workerPids(hub.errors)].filter(([one]) => one !== number).map(([, pid]) => pid)
}

/** A client whose one connection one worker has accepted. */
class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 })

  call(path: string, method = 'GET', body?: unknown, headers = ADMIN): Promise<HttpAnswer> {
    const url = `${hub.url}${path}`
    const text = body === undefined ? undefined : JSON.stringify(body)
    const type = body === undefined ? {} : { 'content-type': 'application/json' }
    return httpCall(url, {
      method,
      agent: this.#agent,
      headers: { ...headers, ...type },
      body: text,
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

async function clientOn(worker: number): Promise<Client> {
  const client = new Client()
  clients.push(client)
  await whileStopped(othersThan(worker), () => client.call('/livez'))
  return client
}

interface Opened {
  readonly socket: RawSocket
  readonly id: string
}

async function readerOn(worker: number, sub: string, query = 'topic=a'): Promise<Opened> {
  const claims = { sub, exp: inSeconds(600), heartline: { subscribe: ['**'] } }
  const token = makeToken({ claims })
  return whileStopped(othersThan(worker), async () => {
    const socket = await openRawSocket(hub.port)
    readers.push(socket)
    const lines = ['Host: 127.0.0.1', `Authorization: Bearer ${token}`]
    socket.send(`GET /v1/events?${query} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    // The cursor comes from the log: the reader is live, whoever else stands still.
    await waitFor(() => socket.received.includes('heartline.cursor'), { what: 'it is open' })
    const [, id = ''] = /heartline-session: (\S+)/i.exec(socket.received) ?? []
    expect(id).toMatch(new RegExp(`^w${worker}\\.`))
    return { socket, id }
  })
}

function jsonOf(answer: HttpAnswer): any {
  return JSON.parse(answer.text)
}

describe('several workers', () => {
  it('are one hub to whoever reads, publishes and asks', async () => {
    expect(hub.output).toMatch(/listening on http:\S+ \(disk store \S+, 2 workers\)/)
    const [one, two] = [await clientOn(1), await clientOn(2)]
    const first = await readerOn(1, 'ann')
    const second = await readerOn(2, 'ann')
    const third = await readerOn(2, 'bob')

    for (const [client, data] of [
      [one, 'from one'],
      [two, 'from two'],
    ] as const) {
      expect((await client.call('/v1/events', 'POST', { topic: 'a', data })).status).toBe(201)
      for (const { socket } of [first, second, third]) {
        await waitFor(() => socket.received.includes(`data: ${data}`), { what: 'it is read' })
      }
    }

    for (const client of [one, two]) {
      const presence = jsonOf(await client.call('/v1/presence?topic=a'))
      const members = presence.members.map((it: any) => [it.subscriber, it.sessions]).sort()
      expect(members).toEqual([
        ['ann', 2],
        ['bob', 1],
      ])
      expect(presence).not.toHaveProperty('silentWorkers')

      const ids: string[] = []
      let next: string | undefined = ''
      while (next !== undefined) {
        const after: string = next === '' ? '' : `&after=${encodeURIComponent(next)}`
        const page = jsonOf(await client.call(`/v1/sessions?limit=1${after}`))
        ids.push(...page.sessions.map((it: any) => it.id))
        next = page.next
      }
      expect(ids).toEqual([first.id, second.id, third.id])
      const rest = jsonOf(await client.call(`/v1/sessions?after=${second.id}`))
      expect(rest.sessions.map((it: any) => it.id)).toEqual([third.id])
      const none = jsonOf(await client.call('/v1/sessions?after=w1.none'))
      expect(none.sessions).toEqual([])

      const topics = jsonOf(await client.call('/v1/topics'))
      expect(topics.topics).toMatchObject([{ topic: 'a', total: 2 }])
      expect(jsonOf(await client.call('/readyz'))).toEqual({ ready: true, reasons: [] })
      const metrics = (await client.call('/metrics')).text
      expect(metrics).toMatch(/^heartline_sessions\{state="live"\} 3$/m)
      expect(metrics).toMatch(/^heartline_published_total 2$/m)
      expect(metrics).toMatch(/^heartline_delivered_total 6$/m)
      for (const worker of [1, 2]) {
        expect(metrics).toContain(`heartline_worker_up{worker="${worker}"} 1`)
      }
      for (const worker of [0, 1, 2]) {
        const line = `heartline_process_memory_bytes{kind="resident",worker="${worker}"}`
        expect(metrics).toContain(line)
      }
    }
  }, 60_000)

  it('act on sessions of each other', async () => {
    const one = await clientOn(1)
    const { id, socket } = await readerOn(2, 'tester')
    const path = `/v1/sessions/${id}`
    expect(jsonOf(await one.call(path))).toMatchObject({ id, subscriber: 'tester', state: 'live' })
    const { cursor } = jsonOf(await one.call(path))
    expect((await one.call(`${path}/ack`, 'POST', { cursor, rttMs: 7 })).status).toBe(204)
    expect(jsonOf(await one.call(path))).toMatchObject({ ackedCursor: cursor, rttMs: 7 })
    const later = '1.zzzzzzzz.mwp7upvu-999'
    const bad = await one.call(`${path}/ack`, 'POST', { cursor: later })
    expect([bad.status, jsonOf(bad).code]).toEqual([400, 'HL_CURSOR_INVALID'])
    const renewed = await one.call(`${path}/token`, 'POST')
    expect(jsonOf(renewed).expiresAtMs).toBeGreaterThan(Date.now())
    const narrow = makeToken({
      claims: { ...allClaims(), heartline: { subscribe: ['b'] } },
    })
    const refused = await one.call(`${path}/token`, 'POST', undefined, {
      authorization: `Bearer ${narrow}`,
    })
    expect([refused.status, jsonOf(refused).code]).toEqual([403, 'HL_SELECTOR_FORBIDDEN'])
    expect((await one.call(`${path}?reconnect=false`, 'DELETE')).status).toBe(204)
    await waitFor(() => socket.received.endsWith('\r\n0\r\n\r\n'), { what: 'it has ended' })
    expect(socket.received).not.toContain('event: heartline.drain')
    const gone = await one.call(path, 'DELETE')
    expect([gone.status, jsonOf(gone).code]).toEqual([404, 'HL_SESSION_UNKNOWN'])
    for (const unknown of ['w9.none', 'none']) {
      expect((await one.call(`/v1/sessions/${unknown}`)).status).toBe(404)
    }
  }, 60_000)

  it('take a ticket of each other, once', async () => {
    const [one, two] = [await clientOn(1), await clientOn(2)]
    const { ticket } = jsonOf(await one.call('/v1/tickets', 'POST'))
    const path = `/v1/events?topic=a&ticket=${ticket}`
    expect((await two.call(path, 'HEAD', undefined, {} as typeof ADMIN)).status).toBe(200)
    for (const client of [one, two]) {
      expect((await client.call(path, 'HEAD', undefined, {} as typeof ADMIN)).status).toBe(401)
    }
  }, 60_000)

  it('say which of them is silent, and do not wait for it', async () => {
    const one = await clientOn(1)
    const mine = await readerOn(1, 'ann')
    const theirs = await readerOn(2, 'bob')
    await whileStopped([pidOf(2)], async () => {
      const sessions = jsonOf(await one.call('/v1/sessions'))
      expect(sessions.silentWorkers).toEqual([2])
      expect(sessions.sessions.map((it: any) => it.id)).toEqual([mine.id])
      expect(jsonOf(await one.call('/v1/presence?topic=a')).silentWorkers).toEqual([2])
      const unknown = await one.call(`/v1/sessions/${theirs.id}`)
      expect([unknown.status, jsonOf(unknown).code]).toEqual([503, 'HL_WORKER_SILENT'])
      expect((await one.call('/metrics')).text).toContain('heartline_worker_up{worker="2"} 0')
      // Those who can be served are served.
      await one.call('/v1/events', 'POST', { topic: 'a', data: 'meanwhile' })
      await waitFor(() => mine.socket.received.includes('data: meanwhile'), { what: 'it is read' })
    })
    await waitFor(() => theirs.socket.received.includes('data: meanwhile'), { what: 'it is read' })
    expect((await one.call(`/v1/sessions/${theirs.id}`)).status).toBe(200)
  }, 60_000)
})

describe('the end of', () => {
  it('all workers is a drain, and a new start goes on', async () => {
    const before = await readerOn(1, 'ann')
    const other = await readerOn(2, 'bob')
    const pids = [...workerPids(hub.errors).values()]
    await postJson(`${hub.url}/v1/events`, { topic: 'a', data: 'kept' }, ADMIN)
    // As a Ctrl-C does, and a service manager: the signal reaches every process.
    for (const pid of pids) process.kill(pid, 'SIGTERM')
    for (const pid of pids) process.kill(pid, 'SIGINT')
    await sleep(300)
    expect(pids.every(isAlive)).toBe(true)
    expect(await hub.terminate()).toBe(0)
    expect(privateDirectories()).toEqual([])
    expect(pids.some(isAlive)).toBe(false)
    for (const { socket } of [before, other]) {
      expect(socket.received).toContain('data: kept')
      expect(socket.received).toMatch(/event: heartline\.drain\nretry: \d+/)
      await waitFor(() => socket.isClosed, { what: 'the stream has ended' })
    }
    await hub.start()
    await waitFor(() => workerPids(hub.errors).size === 2, { what: 'both workers are back' })
    const again = await readerOn(2, 'ann', 'topic=a&since=earliest')
    expect(again.socket.received).toContain('data: kept')
  }, 60_000)

  it('the first process takes the workers with it', async () => {
    const { socket } = await readerOn(2, 'ann')
    const pids = childPids(hub.pid)
    expect(pids).toHaveLength(2)
    const secret = privateDirectories()
    await hub.kill()
    await waitFor(() => !pids.some(isAlive), { what: 'the workers have ended', timeoutMs: 15_000 })
    await waitFor(() => socket.isClosed, { what: 'the reader is told' })
    expect(socket.received).toContain('event: heartline.drain')
    expect(secret).toHaveLength(1)
    expect(secret.some(existsSync)).toBe(false)
  }, 60_000)

  it('a second signal is the end of all at once', async () => {
    const stuck = await openRawSocket(hub.port)
    readers.push(stuck)
    const head = 'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    stuck.send(`${head}Authorization: ${ADMIN.authorization}\r\nContent-Length: 9\r\n\r\n{`)
    await sleep(300)
    const pids = childPids(hub.pid)
    const secret = privateDirectories()
    process.kill(hub.pid, 'SIGTERM')
    await sleep(300)
    process.kill(hub.pid, 'SIGTERM')
    expect(await hub.ended).toBe(1)
    await waitFor(() => !pids.some(isAlive), { what: 'the workers have ended' })
    expect(secret).toHaveLength(1)
    expect(secret.some(existsSync)).toBe(false)
  }, 60_000)

  it('a start that cannot be is told once, with its reason', async () => {
    const taken = `127.0.0.1:${hub.port}`
    for (const [listen, code] of [
      [taken, 'HL_LISTEN_FAILED'],
      ['0.0.0.0:0', 'HL_KEY_REQUIRED'],
    ] as const) {
      const { errors, exitCode } = await failingStart(['--listen', listen, '--workers', '3'])
      expect(exitCode).toBe(1)
      expect(errors.match(new RegExp(code, 'g'))).toHaveLength(1)
      expect(errors).not.toContain('another is started')
    }
  }, 60_000)
})

describe('workers that die at once', () => {
  it('are tried some times, then given up with one error', async () => {
    const preload = failingWorkers()
    const args = ['--listen', '127.0.0.1:0', '--workers', '2']
    const { errors, exitCode } = await failingStart(args, ['--require', preload.script])
    expect(exitCode).toBe(1)
    expect(errors).toContain('"code":3')
    expect(errors).toMatch(/the last attempt of 5 ended with code 3\..* \[HL_WORKERS_FAILED\]/)
  }, 60_000)

  it('end a hub that had been well', async () => {
    await hub.stop()
    const preload = failingWorkers()
    rmSync(preload.marker)
    hub = await startHub({ flags: flags(), nodeFlags: ['--require', preload.script] })
    await waitFor(() => workerPids(hub.errors).size === 2, { what: 'both workers are logged' })
    writeFileSync(preload.marker, '')
    for (const pid of workerPids(hub.errors).values()) process.kill(pid, 'SIGKILL')
    expect(await hub.ended).toBe(1)
    await waitFor(() => hub.errors.includes('[HL_WORKERS_FAILED]'), { what: 'it is told' })
  }, 60_000)
})

interface FailedStart {
  readonly errors: string
  readonly exitCode: number | string
}

async function failingStart(args: string[], nodeFlags: string[] = []): Promise<FailedStart> {
  const child = startChild(process.execPath, [...nodeFlags, PROGRAM, 'serve', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const exitCode = await childEnd(child)
  await waitFor(() => /\[HL_\w+\]/.test(errors), { what: 'it is told' })
  return { errors, exitCode }
}

/** A script that ends every worker at its start while the marker is there. */
function failingWorkers(): { readonly script: string; readonly marker: string } {
  const [script, marker] = [`${directory}/preload.cjs`, `${directory}/fail`]
  const isWorker = "require('node:cluster').isWorker"
  const isMarked = `require('node:fs').existsSync(${JSON.stringify(marker)})`
  writeFileSync(script, `if (${isWorker} && ${isMarked}) process.exit(3)\n`)
  writeFileSync(marker, '')
  return { script, marker }
}

/** Where the first process serves its log. */
function privateDirectories(): string[] {
  const names = readdirSync(directory).filter((name) => name.startsWith('heartline-log-'))
  return names.map((name) => `${directory}/${name}`)
}
