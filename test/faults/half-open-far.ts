// The readers of `half-open.ts`: runs in their network namespace, takes their cable down and writes
// what it saw to stdout, as JSON.

import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { Agent, request as requestHttp } from 'node:http'
import { Agent as TlsAgent, request as requestHttps } from 'node:https'
import { openHttp2, openPlain, openTls, type FarReader, type FarTarget } from '../kit/far-reader.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const GONE = 'half-open/gone'
const STALLED = 'half-open/stalled'
const POLL_MS = 20
const STREAMS = 3
const FLOOD_EVENTS = 32
const FLOOD_BYTES = 65_536

/** What the child is told. */
export interface FarPlan {
  readonly plainPort: number
  readonly tlsPort: number
  readonly hubPid: number
  readonly tlsHubPid: number
  /** By way of the cable that goes down, IPv4 and IPv6. */
  readonly doomed: readonly [string, string]
  readonly doomedInterface: string
  /** By way of the cable that stays. */
  readonly safe: string
  readonly readers: number
  readonly heartbeatMs: number
  readonly boundMs: number
  readonly token: string
}

/** What became of one hub. */
export interface FarHub {
  readonly doomed: number
  /** From the moment the cable went down until presence knew only those who are there. */
  readonly foundMs: number
  /** Of the counter of ended sessions. */
  readonly unreachable: number
  readonly endedOtherwise: number
  /** File descriptors of the hub, before the doomed came and after they went. */
  readonly descriptors: readonly [before: number, after: number]
  /** Those whose cable is whole. */
  readonly membersAfter: number
}

export interface FarResult {
  readonly plain: FarHub
  readonly tls: FarHub
  readonly liveIsOpen: boolean
  readonly liveHeartbeats: number
  /** State of the reader that does not read, or undefined when its session is gone. */
  readonly stalledState: string | undefined
  readonly rounds: number
  readonly roundMs: number
}

/** A hub as the far side sees it, by way of the safe cable. */
class FarView {
  readonly target: FarTarget
  readonly pid: number
  readonly #isTls: boolean
  readonly #agent: Agent | TlsAgent

  constructor(target: FarTarget, pid: number, isTls: boolean) {
    this.target = target
    this.pid = pid
    this.#isTls = isTls
    // A connection that is kept would be counted among the hub's descriptors.
    this.#agent = isTls ? new TlsAgent({ rejectUnauthorized: false }) : new Agent()
  }

  call(path: string, body?: string): Promise<string> {
    const { host, port, token } = this.target
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const method = body === undefined ? 'GET' : 'POST'
    const options = { host, port, path, method, headers, agent: this.#agent }
    return new Promise((resolve, reject) => {
      const request = this.#isTls ? requestHttps : requestHttp
      const call = request(options, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () => resolve(text))
      })
      call.on('error', reject)
      call.end(body)
    })
  }

  /** Sessions on the topic. */
  async present(): Promise<number> {
    const text = await this.call(`/v1/presence?topic=${encodeURIComponent(GONE)}`)
    const { members } = JSON.parse(text) as { members: { sessions: number }[] }
    return members.reduce((sum, { sessions }) => sum + sessions, 0)
  }

  async ended(): Promise<{ unreachable: number; otherwise: number }> {
    const text = await this.call('/metrics')
    const counts = { unreachable: 0, otherwise: 0 }
    for (const [, reason, count] of text.matchAll(
      /^heartline_sessions_ended_total\{.*reason="([^"]+)".*\} (\d+)/gm,
    )) {
      counts[reason === 'unreachable' ? 'unreachable' : 'otherwise'] += Number(count)
    }
    return counts
  }

  async figure(name: string): Promise<number> {
    const line = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(
      await this.call('/metrics'),
    )
    return Number(line?.[1] ?? Number.NaN)
  }

  get descriptors(): number {
    return readdirSync(`/proc/${this.pid}/fd`).length
  }
}

export async function runFar(plan: FarPlan): Promise<FarResult> {
  const { token, safe } = plan
  const at = (host: string, port: number, topic = GONE): FarTarget => ({ host, port, topic, token })
  const plain = new FarView(at(safe, plan.plainPort), plan.hubPid, false)
  const tls = new FarView(at(safe, plan.tlsPort), plan.tlsHubPid, true)
  const live = openPlain(plain.target)
  const liveTls = openTls(tls.target)
  const stalled = openPlain(at(safe, plan.plainPort, STALLED))
  await waitFor(() => live.isOpen && liveTls.isOpen && stalled.isOpen, { what: 'those stay open' })
  await stall(stalled, plain)
  const before = [plain.descriptors, tls.descriptors] as const

  const [doomed4, doomed6] = plan.doomed
  for (let n = 0; n < plan.readers; n++) {
    openPlain(at(n % 2 === 0 ? doomed4 : doomed6, plan.plainPort))
  }
  openTls(at(doomed4, plan.tlsPort))
  openHttp2(at(doomed4, plan.tlsPort), STREAMS)
  const doomed = { plain: plan.readers, tls: 1 + STREAMS }
  await waitFor(async () => (await plain.present()) === doomed.plain + 1, { what: 'all are there' })
  await waitFor(async () => (await tls.present()) === doomed.tls + 1, { what: 'all are there' })
  // Some heartbeats later: what was sent is acknowledged.
  await sleep(plan.heartbeatMs * 1.5)

  const downAt = performance.now()
  execFileSync('ip', ['link', 'set', plan.doomedInterface, 'down'])
  const until = async (view: FarView): Promise<number> => {
    await waitFor(async () => (await view.present()) <= 1, {
      what: 'presence knows who is gone',
      timeoutMs: plan.boundMs * 2 + 10_000,
      everyMs: POLL_MS,
    })
    return performance.now() - downAt
  }
  const [plainMs, tlsMs] = await Promise.all([until(plain), until(tls)])
  // Long enough for whoever is wrongly suspected, and for a session to be ended twice.
  await sleep(plan.boundMs)
  const sum = 'heartline_kernel_evidence_duration_seconds_sum'
  const rounds = await plain.figure('heartline_kernel_evidence_rounds_total')
  return {
    plain: await report(plain, doomed.plain, plainMs, before[0]),
    tls: await report(tls, doomed.tls, tlsMs, before[1]),
    liveIsOpen: !live.isClosed && !liveTls.isClosed,
    liveHeartbeats: live.heartbeats,
    stalledState: await stateOf(plain, STALLED),
    rounds,
    roundMs: ((await plain.figure(sum)) / rounds) * 1_000,
  }
}

/** Stops reading and fills what the kernels hold between the two. */
async function stall(reader: FarReader, hub: FarView): Promise<void> {
  reader.socket.pause()
  const events = Array.from({ length: FLOOD_EVENTS }, () => ({
    topic: STALLED,
    data: 'x'.repeat(FLOOD_BYTES / 4),
  }))
  for (let round = 0; round < 4; round++) await hub.call('/v1/events', JSON.stringify(events))
  await waitFor(async () => (await stateOf(hub, STALLED)) === 'blocked', { what: 'it is stalled' })
}

async function stateOf(hub: FarView, topic: string): Promise<string | undefined> {
  const text = await hub.call('/v1/sessions?limit=1000')
  const { sessions } = JSON.parse(text) as { sessions: { selectors: string[]; state: string }[] }
  return sessions.find(({ selectors }) => selectors[0] === topic)?.state
}

async function report(
  view: FarView,
  doomed: number,
  foundMs: number,
  before: number,
): Promise<FarHub> {
  let after = view.descriptors
  // A look at the tables, or a call of ours that is being closed, takes one for a moment.
  for (const endsAt = Date.now() + 5_000; after > before && Date.now() < endsAt;) {
    await sleep(POLL_MS)
    after = view.descriptors
  }
  const { unreachable, otherwise } = await view.ended()
  return {
    doomed,
    foundMs,
    unreachable,
    endedOtherwise: otherwise,
    descriptors: [before, after],
    membersAfter: await view.present(),
  }
}

if (isMain(import.meta.url)) {
  await runMain(async () => {
    const result = await runFar(JSON.parse(process.argv[2] ?? '') as FarPlan)
    process.stdout.write(JSON.stringify(result))
    return true
  })
  // Its readers would keep it alive.
  process.stdout.write('\n', () => process.exit())
}
