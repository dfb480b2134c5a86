import { expect, it } from 'vitest'
import { relayProblems, runRelay } from './relay.ts'

it('readers on two relays live through kills and a silence of their upstream without a gap or a duplicate', async () => {
  const options = {
    events: 6_000,
    kills: 3,
    relayKills: 1,
    pauses: 1,
    perSecond: 600,
    seed: 20_261_121,
    log: (): void => {},
  }
  const result = await runRelay(options)
  expect(relayProblems(result, options)).toEqual([])
  expect(result.kills).toBe(3)
  expect(result.moves).toBeGreaterThan(5)
}, 240_000)
