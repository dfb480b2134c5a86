import { expect, it } from 'vitest'
import { compare } from './compare.ts'

it('means the same as node:http by every request that it takes', async () => {
  const { accepted } = await compare(20_000, 1)
  expect(accepted).toBeGreaterThan(4_000)
})
