import { describe, expect, it } from 'vitest'
import { killRound } from './kill.ts'
import { temporaryDirectory } from './temporary-directory.ts'

describe('a process that is killed while it publishes', () => {
  it('loses nothing that was acknowledged, three times on the same store', async () => {
    const directory = await temporaryDirectory()
    for (let round = 0; round < 3; round++) {
      const result = await killRound({
        directory,
        killAfterMs: 50 + Math.random() * 300,
        maxEntries: round === 2 ? 3_000 : 1_000_000,
        start: round * 1_000_000,
      })
      expect(result.entriesCut).toBe(0)
      expect(result.stored).toBeGreaterThan(0)
    }
  }, 60_000)
})
