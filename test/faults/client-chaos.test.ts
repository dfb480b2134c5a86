import { describe, it } from 'vitest'
import { isChaosGood, runClientChaos, type ClientChaosResult } from './client-chaos.ts'

function names(result: ClientChaosResult): string[] {
  return result.troubles.filter(({ times }) => times > 0).map(({ name }) => name)
}

describe.concurrent('seven clients on a network that does everything wrong', () => {
  it('get every event once, and ask no more often than allowed', async ({ expect }) => {
    const result = await runClientChaos({ minutes: 6, seed: 8_420 })
    expect(result.problems).toEqual([])
    expect(isChaosGood(result)).toBe(true)
    expect(result.readers.map(({ delivered }) => delivered)).toEqual(
      Array.from({ length: 7 }, () => result.published),
    )
    expect(names(result)).toHaveLength(11)
    expect(result.readers.reduce((sum, { watchdog }) => sum + watchdog, 0)).toBeGreaterThan(0)
  }, 180_000)

  it('are told every gap, as large as it is, when the hub keeps little', async ({ expect }) => {
    const result = await runClientChaos({ minutes: 5, seed: 8_421, kept: 40 })
    expect(result.problems).toEqual([])
    expect(isChaosGood(result)).toBe(true)
    const sizes = result.readers.flatMap(({ gapSizes }) => gapSizes)
    expect(sizes.length).toBeGreaterThan(1)
  }, 180_000)
})
