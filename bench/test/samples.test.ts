import { expect, it } from 'vitest'
import { Samples } from '../run/samples.ts'
import { median, shuffled } from '../run/statistics.ts'

it('takes the middle of an odd number of values, and half-way between the two of an even one', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 2, 9])).toBe(3)
  expect(median([Number.NaN, 7])).toBe(7)
  expect(median([])).toBeNaN()
})

it('shuffles without losing anything', () => {
  const items = Array.from({ length: 50 }, (_, index) => index)
  const result = shuffled(items)
  expect(result).not.toBe(items)
  expect(result.toSorted((a, b) => a - b)).toEqual(items)
  expect(shuffled([1, 2, 3], () => 0)).toEqual([2, 3, 1])
})

it('compares figures of the same round, not of the medians', () => {
  const samples = new Samples()
  const rounds = [
    [10, 5],
    [100, 20],
    [30, 10],
  ] as const
  rounds.forEach(([hub, peer], round) => {
    samples.add(round, 'hub', { rate: hub })
    samples.add(round, 'peer', { rate: peer, other: 1 })
  })
  samples.addFaults('peer', 2)
  samples.addFaults('peer', 1)
  expect(samples.rows(['hub', 'peer', 'absent'], ['rate'])).toEqual([
    { target: 'hub', figures: { rate: 30 }, hubOverIt: {}, faults: 0 },
    // The middle of 2, 5 and 3.
    { target: 'peer', figures: { rate: 10, other: 1 }, hubOverIt: { rate: 3 }, faults: 3 },
  ])
})

it('compares nothing in a round that one of the two missed', () => {
  const samples = new Samples()
  samples.add(0, 'hub', { rate: 10 })
  samples.add(1, 'peer', { rate: 5 })
  expect(samples.rows(['peer'], ['rate'])[0]?.hubOverIt).toEqual({})
})
