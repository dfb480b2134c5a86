import { expect, it } from 'vitest'
import { AttemptAccount } from './attempt-account.ts'

const A = 'http://a'

/** Requests that fail at once, at these times. */
function failing(times: readonly number[]): AttemptAccount {
  const account = new AttemptAccount({ waits: 'ladder', retryMs: 2000 })
  for (const at of times) {
    account.begin(at, A)
    account.ended(at)
  }
  return account
}

it('takes the shortest waits that are documented, and none that is shorter', () => {
  const shortest = [0, 100, 200, 300, 1300, 2800, 5050]
  expect(failing(shortest).tooShort).toBe(0)
  for (let index = 1; index < shortest.length; index++) {
    const early = shortest.map((at, each) => (each >= index ? at - 10 : at))
    expect(failing(early).problems).toHaveLength(1)
  }
})

it('counts as many as fit into a span', () => {
  const account = failing([0, 150, 350, 500, 1800])
  expect(account.count(0, 2000)).toEqual({ made: 5, allowed: 5 })
  expect(account.count(0, 2900)).toEqual({ made: 5, allowed: 6 })
  expect(failing([0, 10, 20, 30, 40]).count(0, 300)).toEqual({ made: 5, allowed: 3 })
})

it('obeys Retry-After and the retry of a stream that brought something', () => {
  const told = failing([0])
  told.retryAfter(5000)
  told.begin(4900, A)
  expect(told.tooShort).toBe(1)

  const read = new AttemptAccount({ waits: 'ladder', retryMs: 2000 })
  read.begin(0, A)
  read.opened(10)
  read.brought()
  read.ended(1000)
  read.begin(2900, A)
  expect(read.tooShort).toBe(1)
})

it('lets Retry-After hold for the endpoint that sent it', () => {
  const tooShort = [900, 5100].map((at) => {
    const account = failing([0])
    account.retryAfter(5000)
    account.begin(150, 'http://b')
    account.ended(150)
    account.begin(at, A)
    return account.tooShort
  })
  expect(tooShort).toEqual([1, 0])
})

it('begins the ladder anew after a long life, and not after a short one', () => {
  const ends = [1000, 6000].map((livedMs) => {
    const account = failing([0, 100, 200, 300])
    account.begin(1300, A)
    account.opened(1300)
    account.ended(1300 + livedMs)
    account.begin(1300 + livedMs + 100, A)
    return account.tooShort
  })
  expect(ends).toEqual([1, 0])
})
