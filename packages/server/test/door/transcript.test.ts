import { expect, it } from 'vitest'
import { compareTranscripts } from './transcript.ts'

it('answers as node:http does, whatever is asked and however it is split', async () => {
  const outcome = await compareTranscripts(300, 3)
  expect(outcome.answers).toBeGreaterThan(250)
  expect(outcome.published).toBeGreaterThan(20)
  expect(outcome.handedOver).toBeGreaterThan(50)
})
