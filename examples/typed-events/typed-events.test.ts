import { expect, test } from 'vitest'
import { checkTypedEvents } from './check.ts'

test('a reader gets what was defined, and the description says the same', async () => {
  expect(await checkTypedEvents()).toEqual([])
}, 30_000)
