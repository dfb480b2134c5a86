import { expect, test } from 'vitest'
import { checkHub } from './check.ts'

test('orders are read once each, across a crash of the hub and a pause of the reader', async () => {
  expect(await checkHub()).toEqual([])
}, 180_000)
