import { describe, expect, it } from 'vitest'
import { PEERS, USUAL_PEERS } from '../peers/index.ts'
import { SCENARIOS } from '../scenarios/index.ts'
import { one } from '../scenarios/saturation.ts'
import type { Peer } from '../run/peer.ts'
import { LACKS_COMPILER } from './needs-compiler.ts'

const NAMES = PEERS.map(({ name }) => name)
/** Those that need nothing but Node.js and a C compiler. */
const ALWAYS_HERE = ['hub', 'hub-disk', 'c', 'c-batch', 'node', 'better-sse']

it('every scenario names peers that exist', () => {
  expect(NAMES).toEqual(expect.arrayContaining([...USUAL_PEERS]))
  for (const { peers } of SCENARIOS) expect(NAMES).toEqual(expect.arrayContaining([...peers]))
})

/** Large programs in Go, which take minutes to build the first time. */
const LARGE = ['mercure', 'centrifuge', 'centrifugo']

/** Each of them delivers, or is named with the reason why it is left out. */
async function tryPeers(peers: readonly Peer[]): Promise<void> {
  const result = await one.run({
    settings: { rounds: 1, readers: 5, forMs: 300, warmUpMs: 200 },
    peers,
    hubFlags: [],
    isPinned: false,
    block: true,
    progress: () => {},
  })
  for (const { target, figures, faults } of result.rows) {
    expect(figures['perSecond'], target).toBeGreaterThan(0)
    if (ALWAYS_HERE.includes(target)) expect(faults, target).toBe(0)
  }
  const measured = result.rows.map(({ target }) => target)
  const named = [...measured, ...result.leftOut.map(({ name }) => name)]
  expect(named.sort()).toEqual(peers.map(({ name }) => name).sort())
  const expected = ALWAYS_HERE.filter((name) => peers.some((peer) => peer.name === name))
  expect(measured).toEqual(expect.arrayContaining(expected))
}

describe.skipIf(LACKS_COMPILER)('every server that can run here', () => {
  it('delivers what is published to it', { timeout: 120_000 }, async () => {
    await tryPeers(PEERS.filter(({ name }) => !LARGE.includes(name)))
  })

  it.skipIf(process.env['HEARTLINE_TEST_LARGE_PEERS'] === undefined)(
    'delivers what is published to it, also if it takes minutes to build',
    { timeout: 900_000 },
    async () => {
      await tryPeers(PEERS.filter(({ name }) => LARGE.includes(name)))
    },
  )
})
