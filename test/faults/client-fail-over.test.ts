import { expect, it } from 'vitest'
import { runFailOver } from './client-fail-over.ts'

it('a client reads on from another relay when its own is killed, with every event once', async () => {
  const { readAgainMs, wrong, gaps } = await runFailOver(2, () => {})
  expect([readAgainMs.length, wrong, gaps]).toEqual([2, [], 0])
}, 120_000)
