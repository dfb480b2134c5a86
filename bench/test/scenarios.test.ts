import { describe, expect, it } from 'vitest'
import { hub } from '../peers/hub.ts'
import { nodeHttp } from '../peers/node-http.ts'
import type { Peer } from '../run/peer.ts'
import type { Bench, ScenarioResult } from '../run/scenario.ts'
import { textTable } from '../run/text-table.ts'
import { Unavailable } from '../run/unavailable.ts'
import { connects } from '../scenarios/connects.ts'
import { idle } from '../scenarios/idle.ts'
import { latency } from '../scenarios/latency.ts'
import { publish } from '../scenarios/publish.ts'
import { one, sixteen } from '../scenarios/saturation.ts'
import { stalled } from '../scenarios/stalled.ts'
import { LACKS_COMPILER } from './needs-compiler.ts'

const MISSING: Peer = {
  name: 'missing',
  title: 'a server that is not here',
  prepare: () => {
    throw new Unavailable('nobody wrote it')
  },
}

const BROKEN: Peer = {
  ...nodeHttp,
  name: 'broken',
  prepare: (place) => ({ ...nodeHttp.prepare(place), command: [process.execPath, '-e', '0'] }),
}

function tiny(peers: readonly Peer[], forMs = 200): Bench {
  return {
    settings: { rounds: 1, readers: 20, forMs, warmUpMs: 100 },
    peers,
    hubFlags: [],
    isPinned: false,
    block: true,
    progress: () => {},
  }
}

function figure(result: ScenarioResult, target: string, name: string): number {
  return result.rows.find((row) => row.target === target)?.figures[name] ?? Number.NaN
}

describe.skipIf(LACKS_COMPILER)('a tiny run', { timeout: 90_000 }, () => {
  it.each([one, sixteen, latency, stalled])(
    'of $name delivers every event to every reader, once',
    async (scenario) => {
      const result = await scenario.run(tiny([hub, nodeHttp], 1_000))
      expect(result.leftOut).toEqual([])
      expect(result.rows.map(({ target, faults }) => [target, faults])).toEqual([
        ['hub', 0],
        ['node', 0],
      ])
      const compared = result.figures.filter(({ isCompared }) => isCompared === true)
      for (const { name } of compared) {
        expect(figure(result, 'hub', name), name).toBeGreaterThan(0)
        expect(result.rows[1]?.hubOverIt[name], name).toBeGreaterThan(0)
      }
    },
  )

  it('of idle measures memory of a fresh process', async () => {
    const result = await idle.run(tiny([hub, nodeHttp]))
    expect(result.leftOut).toEqual([])
    expect(figure(result, 'hub', 'startMib')).toBeGreaterThan(10)
    expect(figure(result, 'node', 'fullMib')).toBeGreaterThan(10)
  })

  it('of connects opens all streams', async () => {
    const result = await connects.run(tiny([hub, nodeHttp]))
    expect(result.leftOut).toEqual([])
    expect(figure(result, 'hub', 'perSecond')).toBeGreaterThan(0)
    expect(result.rows[1]?.hubOverIt['perSecond']).toBeGreaterThan(0)
  })

  it('of publish takes single events, arrays, lines and calls', async () => {
    const bench = tiny([hub, nodeHttp])
    const result = await publish.run({ ...bench, settings: { ...bench.settings, readers: 1 } })
    expect(result.leftOut).toEqual([])
    expect(result.rows.map(({ target }) => target)).toEqual([
      'hub',
      'hub, one connection',
      'hub, arrays of 100',
      'hub, 100 lines of NDJSON',
      'node',
      'hub.publish() in one process',
      'hub.publish() of 100 events',
    ])
    for (const { target, faults, figures } of result.rows) {
      expect(faults, target).toBe(0)
      expect(figures['perSecond'], target).toBeGreaterThan(0)
    }
  })

  it('names a server that is not here or does not start, and goes on without it', async () => {
    const result = await connects.run(tiny([MISSING, nodeHttp, BROKEN]))
    expect(result.leftOut.map(({ name, reason }) => [name, reason.split(':')[0]])).toEqual([
      ['missing', 'nobody wrote it'],
      ['broken', 'it did not start'],
    ])
    expect(result.rows.map(({ target }) => target)).toEqual(['node'])
    expect(textTable(result)).toContain('connects/s')
  })
})
