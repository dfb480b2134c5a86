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
})
