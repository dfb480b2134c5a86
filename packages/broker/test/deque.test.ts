import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { Deque, firstAfter } from '../src/internal/deque.ts'

describe('a deque', () => {
  it('behaves as an array does', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer(), fc.constant('shift'))), (steps) => {
        const deque = new Deque<number>()
        const model: number[] = []
        for (const step of steps) {
          if (typeof step === 'number') {
            deque.push(step)
            model.push(step)
          } else {
            expect(deque.shift()).toBe(model.shift())
          }
          expect(deque.length).toBe(model.length)
          expect(deque.at(0)).toBe(model[0])
          expect(deque.at(model.length - 1)).toBe(model.at(-1))
        }
        expect(model.map((_, index) => deque.at(index))).toEqual(model)
      }),
    )
  })

  it('has nothing outside its range, and nothing after clear', () => {
    const deque = new Deque<number>()
    for (let value = 0; value < 9; value++) deque.push(value)
    expect([deque.at(-1), deque.at(9)]).toEqual([undefined, undefined])
    deque.clear()
    expect([deque.length, deque.at(0), deque.shift()]).toEqual([0, undefined, undefined])
  })

  it('finds the first larger value of a sorted one', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.nat(60), (values, value) => {
        const sorted = new Deque<number>()
        const model = values.toSorted((a, b) => a - b)
        for (const one of model) sorted.push(one)
        const index = model.findIndex((one) => one > value)
        expect(firstAfter(sorted, value)).toBe(index === -1 ? model.length : index)
      }),
    )
  })
})
