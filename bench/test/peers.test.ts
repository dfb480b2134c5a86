import { describe, expect, it } from 'vitest'
import { PEERS, USUAL_PEERS } from '../peers/index.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { one } from '../scenarios/saturation.ts'
import { LACKS_COMPILER } from './needs-compiler.ts'

const NAMES = PEERS.map(({ name }) => name)
/** Those that need nothing but Node.js and a C compiler. */
const ALWAYS_HERE = ['hub', 'hub-disk', 'c', 'c-batch', 'node', 'better-sse']

it('every scenario names peers that exist', () => {
  expect(NAMES).toEqual(expect.arrayContaining([...USUAL_PEERS]))
  for (const { peers } of SCENARIOS) expect(NAMES).toEqual(expect.arrayContaining([...peers]))
})

describe.skipIf(LACKS_COMPILER)('every server that can run here', () => {
  it('delivers what is published to it', { timeout: 120_000 }, async () => {
    const result = await one.run({
      settings: { rounds: 1, readers: 5, forMs: 300, warmUpMs: 200 },
      peers: PEERS,
      hubFlags: [],
      isPinned: false,
      block: true,
      progress: () => {},
    })
    const measured = result.rows.map(({ target }) => target)
    expect(measured).toEqual(expect.arrayContaining(ALWAYS_HERE))
    for (const { target, figures, faults } of result.rows) {
      expect(figures['perSecond'], target).toBeGreaterThan(0)
      if (ALWAYS_HERE.includes(target)) expect(faults, target).toBe(0)
    }
    // Whoever is missing is named, with the reason.
    const named = [...measured, ...result.leftOut.map(({ name }) => name)]
    expect(named.sort()).toEqual([...NAMES].sort())
  })
})
