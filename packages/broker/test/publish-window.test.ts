import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PublishWindow } from '../src/index.ts'

describe('the publish window', () => {
  it('forgets by age, oldest first', () => {
    const window = new PublishWindow(100, 10)
    window.add('a', { ms: 0, offset: 1 })
    window.add('b', { ms: 60, offset: 2 })
    window.expire(100)
    expect(window.find('a')).toEqual({ ms: 0, offset: 1 })
    window.expire(101)
    expect([window.find('a'), window.size]).toEqual([undefined, 1])
    expect(window.oldest).toEqual({ ms: 60, offset: 2 })
    window.clear()
    expect([window.find('b'), window.size, window.oldest]).toEqual([undefined, 0, undefined])
  })

  it('keeps the second position of an id when the first is forgotten', () => {
    const window = new PublishWindow(100, 10)
    window.add('a', { ms: 0, offset: 1 })
    window.add('a', { ms: 90, offset: 7 })
    window.expire(150)
    expect(window.find('a')).toEqual({ ms: 90, offset: 7 })
  })

  it('remembers what a plain list of the newest ids would', () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 30 }))
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 1_500 }),
        fc.integer({ min: 1, max: 600 }),
        (steps, max) => {
          const window = new PublishWindow(200, max)
          let kept: { id: string; position: { ms: number; offset: number } }[] = []
          let ms = 0
          for (const [offset, [name, pause]] of steps.entries()) {
            const id = `id-${name}`
            ms += pause === 30 ? 250 : pause % 3
            window.expire(ms)
            kept = kept.filter(({ position }) => ms - position.ms <= 200)
            const known = kept.findLast((one) => one.id === id)
            expect(window.find(id)).toEqual(known?.position)
            if (known !== undefined) continue
            kept.push({ id, position: { ms, offset } })
            window.add(id, { ms, offset })
            if (kept.length > max) kept.shift()
            expect([window.size, window.oldest]).toEqual([kept.length, kept[0]?.position])
          }
        },
      ),
      { numRuns: 60 },
    )
  })
})
