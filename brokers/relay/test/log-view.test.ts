import type { Entry, LogState } from '@heartline/broker'
import { describe, expect, it } from 'vitest'
import { LogView } from '../src/log-view.ts'

function entry(offset: number): Entry {
  return { position: { ms: offset * 10, offset }, topics: ['t'], data: `${offset}` }
}

function entries(from: number, to: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, index) => entry(from + index))
}

function state(base: number, last: number): LogState {
  const position = (offset: number): LogState['last'] => ({ ms: offset * 10, offset })
  return { epoch: 'e', base: position(base), last: position(last) }
}

describe('what a relay knows of its log', () => {
  it('begins at the end of the log', () => {
    const view = new LogView(1_000)
    view.reset(state(3, 7))
    expect(view.state).toEqual(state(3, 7))
    expect(view.covers(7)).toBe(true)
    expect(view.covers(6)).toBe(false)
    view.push(entries(8, 9))
    expect(view.read({ after: 7 }).entries.map(({ data }) => data)).toEqual(['8', '9'])
    expect(view.state).toEqual(state(3, 9))
  })

  it('keeps the newest entries up to its bytes', () => {
    const view = new LogView(20)
    view.reset(state(0, 0))
    view.push(entries(1, 9))
    view.push(entries(10, 99))
    expect(view.covers(0)).toBe(false)
    expect(view.covers(95)).toBe(true)
    expect(view.last.offset).toBe(99)
  })

  it('locates only what is certain', () => {
    const view = new LogView(1_000)
    view.reset(state(3, 7))
    view.push(entries(8, 9))
    expect(view.locate({ ms: 20, offset: 2 })).toEqual({
      status: 'expired',
      resume: entry(3).position,
    })
    expect(view.locate({ ms: 30, offset: 3 })).toMatchObject({ status: 'ok' })
    expect(view.locate({ ms: 50, offset: 5 })).toBeUndefined()
    expect(view.locate({ ms: 80, offset: 8 })).toEqual({ status: 'ok', resume: entry(8).position })
    expect(view.locate({ ms: 81, offset: 8 })).toBeUndefined()
    expect(view.locate({ ms: 120, offset: 12 })).toBeUndefined()
  })

  it('believes its upstream what was removed', () => {
    const view = new LogView(1_000)
    view.reset(state(7, 7))
    view.noteBase({ ms: 30, offset: 3 })
    expect(view.locate({ ms: 20, offset: 2 })).toMatchObject({ status: 'expired' })
    expect(view.locate({ ms: 50, offset: 5 })).toBeUndefined()
  })

  it('tells who waits for an entry whether it came', async () => {
    const view = new LogView(1_000)
    view.reset(state(0, 0))
    const [first, second, late] = [1, 2, 3].map((offset) => view.reached(offset, 60_000))
    view.push(entries(1, 1))
    expect(await first).toBe(true)
    view.push(entries(2, 2))
    expect(await second).toBe(true)
    view.reset(state(0, 9))
    expect(await late).toBe(true)
    const never = view.reached(100, 60_000)
    view.giveUp()
    expect(await never).toBe(false)
    expect(await view.reached(100, 1)).toBe(false)
  })
})
