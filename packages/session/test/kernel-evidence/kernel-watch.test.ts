import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createKernelWatch,
  createSession,
  kernelRoundMs,
  kernelWatchDefaults,
  type KernelRound,
  type KernelWatch,
  type KernelWatchOptions,
  type Session,
  type Transport,
} from '../../src/index.ts'
import { until } from '../kit/reader.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'
import { HEAD, tcpLine, type TcpLine } from './kit/tcp-line.ts'

/** A connection that is only known by its ends. */
class NamedTransport implements Transport {
  readonly framing = 'raw'
  readonly protocol = 'h2'
  readonly over = false
  readonly localPort = 8_420
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  severed = 0

  constructor(remoteAddress?: string, remotePort?: number) {
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
  }

  write(): boolean {
    return true
  }

  end(): void {}
  destroy(): void {}
  listen(): void {}

  sever(): void {
    this.severed++
  }
}

const SILENT: TcpLine = { queued: 20, timer: 1, retransmits: 4 }

let folder = ''
let table = ''
let clock = new VirtualClock()
let watch: KernelWatch | undefined
let rounds: KernelRound[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heartline-watch-'))
  table = join(folder, 'tcp')
  clock = new VirtualClock()
  rounds = []
})
afterEach(() => {
  watch?.stop()
  rmSync(folder, { recursive: true })
})

function start(sessions: readonly Session[], options: Partial<KernelWatchOptions> = {}): void {
  watch = createKernelWatch({
    sessions: new Set(sessions),
    clock,
    tables: [table],
    onRound: (round) => rounds.push(round),
    ...options,
  })
  watch.start()
}

/** Lets the timer run that is set, and waits for the round. Answers how long the pause was. */
async function nextRound(): Promise<number> {
  const before = rounds.length
  const from = clock.now()
  await until(() => clock.timers.size === 1)
  const [timer] = clock.timers
  clock.advance((timer?.at ?? from) - from)
  await until(() => rounds.length > before && clock.timers.size === 1)
  return clock.now() - from
}

function show(...lines: readonly TcpLine[]): void {
  writeFileSync(table, HEAD + lines.map(tcpLine).join(''))
}

describe('a watch', () => {
  it('ends sessions whose peer was silent for long enough, and nobody else', async () => {
    const transports = [
      new NamedTransport('10.0.0.1', 5_001),
      new NamedTransport('::ffff:10.0.0.1', 5_002),
      new NamedTransport('fd00::1', 5_001),
      new NamedTransport('10.0.0.9', 5_001),
      new NamedTransport(),
    ]
    const sessions = transports.map((transport) => createSession(transport))
    start(sessions)
    show(
      { ...SILENT, remote: '10.0.0.1', remotePort: 5_001 },
      { ...SILENT, remote: '::ffff:10.0.0.1', remotePort: 5_002 },
      { ...SILENT, remote: 'fd00::1', remotePort: 5_001 },
      { ...SILENT, remote: '10.0.0.9', remotePort: 5_001, localPort: 9_999 },
    )
    expect(await nextRound()).toBe(3_750)
    expect(rounds).toMatchObject([{ suspects: 3, ended: 0 }])
    const first = clock.now()
    for (let round = 0; round < 10; round++) expect(await nextRound()).toBe(1_000)
    expect(clock.now() - first).toBe(10_000)
    expect(rounds.at(-1)).toMatchObject({ suspects: 0, ended: 3 })
    expect(sessions.map((session) => session.end?.reason)).toEqual([
      'unreachable',
      'unreachable',
      'unreachable',
      undefined,
      undefined,
    ])
    expect(transports.map(({ severed }) => severed)).toEqual([1, 1, 1, 0, 0])
    expect(await nextRound()).toBe(3_750)
    expect(rounds.at(-1)).toMatchObject({ suspects: 3, ended: 0 })
  })

  it('ends all streams of a connection', async () => {
    const sessions = [1, 2, 3].map(() => createSession(new NamedTransport('10.0.0.1', 5_001)))
    start(sessions, { maxUnacknowledgedMs: 1_000 })
    show({ ...SILENT, remote: '10.0.0.1', remotePort: 5_001 })
    await nextRound()
    expect(rounds.at(-1)?.suspects).toBe(3)
    await nextRound()
    expect(rounds.at(-1)?.ended).toBe(3)
  })

  it('spares a session whose peer answered in between', async () => {
    const session = createSession(new NamedTransport('10.0.0.1', 5_001))
    start([session])
    const line = { ...SILENT, remote: '10.0.0.1', remotePort: 5_001 }
    for (let round = 0; round < 40; round++) {
      show(round % 9 === 8 ? {} : line)
      await nextRound()
    }
    expect(session.isOpen).toBe(true)
  })

  it('does not take a pause of the process for a silence', async () => {
    const session = createSession(new NamedTransport('10.0.0.1', 5_001))
    start([session])
    show({ ...SILENT, remote: '10.0.0.1', remotePort: 5_001 })
    await nextRound()
    clock.freeze(600_000)
    await nextRound()
    expect(session.isOpen).toBe(true)
  })

  it('does not look while there is nobody, and begins when there is', async () => {
    const sessions = new Set<Session>()
    start([], { sessions, tables: [join(folder, 'never-read')] })
    for (let round = 0; round < 5; round++) {
      clock.advance(3_750)
      await until(() => clock.timers.size === 1)
    }
    expect(rounds).toEqual([])
    watch?.stop()
    show()
    start([], { sessions })
    sessions.add(createSession(new NamedTransport('10.0.0.1', 5_001)))
    await nextRound()
    expect(rounds).toHaveLength(1)
  })

  it('looks more rarely, the more there is to look at', async () => {
    start([createSession(new NamedTransport('10.0.0.1', 5_001))], { roundMs: 250 })
    show(...Array.from({ length: 20_000 }, (_, row) => ({ row })))
    await nextRound()
    expect(await nextRound()).toBeGreaterThan(1_200)
    expect(await nextRound()).toBeLessThan(1_800)
  })

  it('does with one table, and says once when there is none', async () => {
    const reasons: Error[] = []
    const onUnavailable = (error: Error): void => void reasons.push(error)
    show()
    start([createSession(new NamedTransport('10.0.0.1', 1))], {
      tables: [join(folder, 'none'), table],
      onUnavailable,
    })
    clock.advance(3_750)
    await until(() => clock.timers.size === 1)
    await nextRound()
    expect(rounds).toHaveLength(1)
    rmSync(table)
    clock.advance(3_750)
    await until(() => reasons.length === 1)
    expect(reasons[0]).toMatchObject({ code: 'ENOENT' })
    expect(clock.timers.size).toBe(0)
  })

  it('refuses options out of bounds', () => {
    const sessions = new Set<Session>()
    expect(() => createKernelWatch({ sessions, roundMs: -1 })).toThrow(
      expect.objectContaining({ code: 'HL_OPTION_INVALID' }),
    )
    expect(() => createKernelWatch({ sessions, maxUnacknowledgedMs: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'HL_OPTION_INVALID' }),
    )
  })

  it('has these defaults', () => {
    const { maxUnacknowledgedMs, roundMs, tables } = kernelWatchDefaults
    expect({ maxUnacknowledgedMs, roundMs, tables }).toEqual({
      maxUnacknowledgedMs: 10_000,
      roundMs: 3_750,
      tables: ['/proc/self/net/tcp', '/proc/self/net/tcp6'],
    })
    expect([0, 1_000, 5_000, 15_000, 600_000].map(kernelRoundMs)).toEqual([
      5_000, 250, 1_250, 3_750, 5_000,
    ])
  })
})

describe('a watch that knows what was sent in vain', () => {
  const count = (timeouts: number): void => {
    const groups = ['TcpExt: SyncookiesSent TCPTimeouts TCPWinProbe', `TcpExt: 9 ${timeouts} 2`]
    writeFileSync(join(folder, 'netstat'), `${groups.join('\n')}\nIpExt: InOctets\nIpExt: 5\n`)
  }

  it('reads no table while that has not changed and nobody is suspected', async () => {
    const session = createSession(new NamedTransport('10.0.0.1', 5_001))
    start([session], { counters: join(folder, 'netstat') })
    count(7)
    show()
    await nextRound()
    const line: TcpLine = { ...SILENT, remote: '10.0.0.1', remotePort: 5_001 }
    show(line)
    await nextRound()
    expect(rounds.map(({ suspects }) => suspects)).toEqual([0, 0])
    count(8)
    await nextRound()
    expect(rounds.at(-1)).toMatchObject({ suspects: 1 })
    // From here on every look counts, whatever the counters say.
    for (let round = 0; round < 12 && !session.isOver; round++) await nextRound()
    expect(session.isOver).toBe(true)
    expect(rounds.at(-1)).toMatchObject({ ended: 1 })
  })

  it.each([
    ['there is no such file', ''],
    ['the kernel does not count it', 'TcpExt: SyncookiesSent\nTcpExt: 9\n'],
    ['it is no table of counters', 'what\n'],
  ])('reads them always when %s', async (_, text) => {
    if (text !== '') writeFileSync(join(folder, 'netstat'), text)
    start([createSession(new NamedTransport('10.0.0.1', 5_001))], {
      counters: join(folder, 'netstat'),
    })
    show()
    await nextRound()
    show({ ...SILENT, remote: '10.0.0.1', remotePort: 5_001 })
    await nextRound()
    expect(rounds.map(({ suspects }) => suspects)).toEqual([0, 1])
  })
})
