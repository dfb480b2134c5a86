import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Generator, type Turn, type TurnResult } from '../run/generator.ts'
import { LYING_ENDPOINT, LyingServer, type Lies } from './lying-server.ts'
import { LACKS_COMPILER } from './needs-compiler.ts'

const READERS = 20

type Sums = Pick<
  TurnResult,
  'published' | 'gaps' | 'duplicates' | 'missing' | 'refused' | 'problem'
>

describe.skipIf(LACKS_COMPILER)('the load generator', () => {
  let generator: Generator
  let server: LyingServer

  beforeEach(() => {
    generator = new Generator()
  })

  afterEach(async () => {
    await generator.end()
    await server.close()
  })

  async function open(lies: Lies, stalledPercent = 0): Promise<number> {
    server = new LyingServer(lies)
    await server.listen()
    const target = await generator.addTarget('lying', server.port, LYING_ENDPOINT)
    const connected = await generator.connect(target, READERS, stalledPercent)
    expect(connected).toMatchObject({ opened: READERS, ended: 0, problem: '' })
    return target
  }

  async function load(target: number, turn: Partial<Turn> = {}): Promise<TurnResult> {
    return generator.turn(target, {
      loop: 'closed',
      window: 1,
      settleMs: 0,
      forMs: 200,
      block: true,
      ...turn,
    })
  }

  it('counts each event once for each reader', async () => {
    const result = await load(await open({}))
    expect(result.published).toBeGreaterThan(0)
    expect(result).toMatchObject({
      readers: READERS,
      gaps: 0,
      duplicates: 0,
      missing: 0,
      refused: 0,
    })
    // With one event on its way, at most one is cut off by each end of the window.
    expect(Math.abs(result.deliveries - result.published * READERS)).toBeLessThanOrEqual(READERS)
    expect(result.p50Ms).toBeGreaterThan(0)
    expect(result.p99Ms).toBeGreaterThanOrEqual(result.p50Ms)
  })

  /** Sums of as many turns as it takes to publish so many events, on a loaded machine too. */
  async function publishAtLeast(target: number, count: number): Promise<Sums> {
    const sums = { published: 0, gaps: 0, duplicates: 0, missing: 0, refused: 0, problem: '' }
    while (sums.published < count) {
      // The open loop: a closed one would wait for ever for what was lost.
      const result = await load(target, { loop: 'open', rate: 200, drainMs: 100 })
      sums.published += result.published
      sums.gaps += result.gaps
      sums.duplicates += result.duplicates
      sums.missing += result.missing
      sums.refused += result.refused
      if (result.problem !== '') sums.problem = result.problem
    }
    return sums
  }

  it('sees events that are lost', async () => {
    const sums = await publishAtLeast(await open({ losesEach: 5 }), 20)
    expect(sums.missing).toBeGreaterThan(0)
    expect(sums.gaps).toBeGreaterThan(0)
  })

  it('sees events that come twice', async () => {
    const sums = await publishAtLeast(await open({ doublesEach: 5 }), 20)
    expect(sums.duplicates).toBeGreaterThan(0)
    expect(sums.gaps).toBe(0)
  })

  it('says which publishes were refused, and how', async () => {
    const sums = await publishAtLeast(await open({ refusesEach: 4 }), 20)
    expect(sums.refused).toBeGreaterThan(0)
    expect(sums.problem).toContain('503')
  })

  it('finds events that are cut at any byte', async () => {
    const target = await open({ pieceBytes: 7 })
    await generator.setEventBytes(64)
    const result = await load(target, { window: 3, publishers: 3 })
    expect(result.deliveries).toBeGreaterThan(0)
    expect(result).toMatchObject({ gaps: 0, duplicates: 0, missing: 0 })
  })

  it('keeps the order of each of several publishers apart', async () => {
    const result = await load(await open({}), { window: 8, publishers: 8 })
    expect(result.published).toBeGreaterThan(8)
    expect(result).toMatchObject({ gaps: 0, duplicates: 0, missing: 0 })
  })

  it('publishes at the given rate in the open loop', async () => {
    const result = await load(await open({}), { loop: 'open', rate: 50, forMs: 1_000 })
    const due = (result.ms / 1_000) * 50
    expect(result.published).toBeLessThanOrEqual(due + 2)
    // A server that pauses may still have some of them before it.
    expect(result.published).toBeGreaterThan(due / 2)
  })

  it('counts nothing for stalled readers', async () => {
    const result = await load(await open({}, 25))
    expect(result).toMatchObject({ readers: 15, gaps: 0, missing: 0 })
  })

  it('says when streams were refused', async () => {
    server = new LyingServer({})
    await server.listen()
    const closed = new LyingServer({})
    await closed.listen()
    const { port } = closed
    await closed.close()
    const target = await generator.addTarget('nobody', port, LYING_ENDPOINT)
    expect(await generator.connect(target, 3)).toMatchObject({ opened: 0, ended: 3 })
  })

  it('refuses a target that does not exist', async () => {
    await open({})
    await expect(generator.connect(9, 1)).rejects.toThrow('no such target')
  })

  it('takes the CPU time of processes', async () => {
    const result = await load(await open({}), { pids: [process.pid] })
    expect(result.cpuMs).toBeGreaterThan(0)
  })
})
