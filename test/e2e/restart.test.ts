import { expect, it } from 'vitest'
import { chromiumMissing } from '../kit/reader-chromium.ts'
import { restartProblems, runRestart } from './restart.ts'

const EVENTS = 10_000
const KILLS = 3
const missing = chromiumMissing()

if (missing !== undefined) console.warn(`Chromium is left out of the restart test: ${missing}`)

it('native EventSource, npm eventsource and curl survive kill -9 without a gap or a duplicate', async () => {
  if (process.env['CI'] !== undefined) expect(missing).toBeUndefined()
  const result = await runRestart({
    events: EVENTS,
    kills: KILLS,
    perSecond: 700,
    seed: 20_261_120,
    withChromium: missing === undefined,
    log: () => {},
  })
  expect(restartProblems(result, EVENTS)).toEqual([])
  expect(result.kills).toBe(KILLS)
}, 180_000)
