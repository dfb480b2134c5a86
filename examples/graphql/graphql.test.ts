import { expect, test } from 'vitest'
import { checkApi } from './check.ts'

test('prices are read across a cut, and operations find their stream in another process', async () => {
  expect(await checkApi()).toEqual([])
}, 60_000)
