// Readers whose cable is cut: no FIN, no RST, and they could not acknowledge if they wanted to. The
// hub must know within two heartbeat intervals plus `session.maxUnacknowledgedMs`, from what the
// kernel waits for in vain. A reader on another cable stays, and so does one that is alive but does
// not read. Two network namespaces: needs root and `ip`.
//
//   npx tsx test/faults/half-open.ts [heartbeat in ms, …] [threshold in ms] [readers]

import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { startChild } from '../kit/child.ts'
import { HubProcess } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { SplitNetwork } from '../kit/split-network.ts'
import { allClaims, makeToken, TEST_SECRET } from '../kit/token.ts'
import type { FarHub, FarPlan, FarResult } from './half-open-far.ts'

const FAR = fileURLToPath(new URL('./half-open-far.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CERTIFICATE = `${ROOT}packages/server/test/fixtures/localhost-cert.pem`
const PRIVATE_KEY = `${ROOT}packages/server/test/fixtures/localhost-key.pem`
const NODE_FLAGS = ['--conditions=@heartline/source', '--import', 'tsx']
const PLAIN_PORT = 8420
const TLS_PORT = 8443

export interface HalfOpenOptions {
  readonly heartbeatMs: number
  readonly thresholdMs: number
  /** On the cable that is cut, with plain HTTP/1.1; half of them by IPv6. */
  readonly readers: number
}

/** What is promised. */
export function halfOpenBoundMs({ heartbeatMs, thresholdMs }: HalfOpenOptions): number {
  return 2 * heartbeatMs + thresholdMs
}

export async function runHalfOpen(options: HalfOpenOptions): Promise<FarResult> {
  const network = new SplitNetwork()
  const hubs: HubProcess[] = []
  try {
    // Small buffers: a reader that does not read is stalled soon.
    network.set(network.hub, 'net.ipv4.tcp_wmem', '4096 16384 131072')
    network.set(network.far, 'net.ipv4.tcp_rmem', '4096 65536 65536')
    hubs.push(hubIn(network, PLAIN_PORT, options, []))
    const tls = ['--tls-cert-file', CERTIFICATE, '--tls-key-file', PRIVATE_KEY]
    hubs.push(hubIn(network, TLS_PORT, options, tls))
    await Promise.all(hubs.map((hub) => hub.start()))
    const pids = hubs.map(({ pid }) => pid)
    const result = await runChild(network.far, planOf(network, options, pids))
    const dead = hubs.find((hub) => !hub.isRunning)
    if (dead !== undefined) throw new Error(`A hub ended: ${dead.errors}`)
    if (result.output !== '') return JSON.parse(result.output) as FarResult
    throw new Error(`The readers ended early: ${result.errors}`)
  } finally {
    await Promise.all(hubs.map((hub) => hub.stop()))
    network.remove()
  }
}

function hubIn(
  network: SplitNetwork,
  port: number,
  options: HalfOpenOptions,
  more: readonly string[],
): HubProcess {
  const flags = [
    ['--listen', `:${port}`],
    ['--key-secret', TEST_SECRET],
    ['--heartbeat', `${options.heartbeatMs}ms`],
    ['--session-max-unacknowledged-ms', `${options.thresholdMs}ms`],
    // The stalled reader must be there when all is over.
    ['--session-max-blocked-ms', '10m'],
  ].flat()
  const prefix = SplitNetwork.enter(network.hub)
  return new HubProcess({ flags: [...flags, ...more], prefix }, port)
}

function planOf(
  network: SplitNetwork,
  options: HalfOpenOptions,
  [hubPid = 0, tlsHubPid = 0]: readonly number[],
): FarPlan {
  const { first, second } = network
  return {
    plainPort: PLAIN_PORT,
    tlsPort: TLS_PORT,
    hubPid,
    tlsHubPid,
    doomed: [first.hubAddress, first.hubAddress6],
    doomedInterface: first.farInterface,
    safe: second.hubAddress,
    readers: options.readers,
    heartbeatMs: options.heartbeatMs,
    boundMs: halfOpenBoundMs(options),
    token: makeToken({ claims: allClaims() }),
  }
}

async function runChild(
  namespace: string,
  plan: FarPlan,
): Promise<{ output: string; errors: string }> {
  const [command = '', ...enter] = SplitNetwork.enter(namespace)
  const program = [process.execPath, ...NODE_FLAGS, FAR, JSON.stringify(plan)]
  const child = startChild(command, [...enter, ...program], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stdout?.on('data', (part: Buffer) => (output += String(part)))
  child.stderr?.on('data', (part: Buffer) => (errors += String(part)))
  await once(child, 'close')
  return { output: output.trim(), errors }
}

/** What is not as promised. */
export function halfOpenProblems(result: FarResult, boundMs: number): string[] {
  const problems = [...hubProblems('plain', result.plain, boundMs)]
  problems.push(...hubProblems('tls', result.tls, boundMs))
  if (!result.liveIsOpen) problems.push('a reader with a whole cable was cut')
  if (result.stalledState !== 'blocked') {
    problems.push(`the reader that does not read is ${String(result.stalledState)}`)
  }
  return problems
}

function hubProblems(name: string, hub: FarHub, boundMs: number): string[] {
  const { doomed, foundMs, unreachable, endedOtherwise, descriptors, membersAfter } = hub
  const problems: string[] = []
  if (foundMs > boundMs) problems.push(`found after ${foundMs} ms, promised are ${boundMs}`)
  if (unreachable !== doomed) problems.push(`${unreachable} of ${doomed} ended as unreachable`)
  if (endedOtherwise > 0) problems.push(`${endedOtherwise} ended for another reason`)
  if (descriptors[1] > descriptors[0])
    problems.push(`descriptors: ${descriptors.join(' before, ')}`)
  if (membersAfter !== 1) problems.push(`${membersAfter} sessions are present`)
  return problems.map((problem) => `${name}: ${problem}`)
}

if (isMain(import.meta.url)) {
  const [beats = '5000,15000', threshold = '10000', readers = '20'] = process.argv.slice(2)
  await runMain(async () => {
    const { hindrance } = SplitNetwork
    if (hindrance !== undefined) throw new Error(hindrance)
    let good = true
    for (const heartbeatMs of beats.split(',').map(Number)) {
      const options = { heartbeatMs, thresholdMs: Number(threshold), readers: Number(readers) }
      const boundMs = halfOpenBoundMs(options)
      const result = await runHalfOpen(options)
      const problems = halfOpenProblems(result, boundMs)
      console.log({ ...options, boundMs }, result, problems)
      good &&= problems.length === 0
    }
    return good
  })
}
