import { expect, test } from 'vitest'
import { checkAnswers } from './check.ts'

test('an answer goes on behind its last token after a cut, and stops when its reader has left', async () => {
  expect(await checkAnswers()).toEqual([])
}, 60_000)
