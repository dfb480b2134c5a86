import { expect, it } from 'vitest'
import { runSlowRelay, slowRelayProblems } from './slow-relay.ts'

it('a relay that takes nothing costs its upstream no memory, and misses nothing in the end', async () => {
  const options = { megabytes: 60, warmUpMegabytes: 100, megabytesPerSecond: 30 }
  expect(slowRelayProblems(await runSlowRelay(options))).toEqual([])
}, 180_000)
