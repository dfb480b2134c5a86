import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Watchdog } from '../src/stream/watchdog.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

test('takes two and a half heartbeat intervals without a byte for a dead connection', () => {
  const onSilence = vi.fn()
  new Watchdog(onSilence).expect('1000')
  vi.advanceTimersByTime(2_499)
  expect(onSilence).not.toHaveBeenCalled()
  vi.advanceTimersByTime(2)
  expect(onSilence).toHaveBeenCalledOnce()
})

test('counts from the last byte', () => {
  const onSilence = vi.fn()
  const watchdog = new Watchdog(onSilence)
  watchdog.expect('1000')
  for (let ms = 0; ms < 10_000; ms += 1_000) {
    vi.advanceTimersByTime(1_000)
    watchdog.fed()
  }
  expect(onSilence).not.toHaveBeenCalled()
  vi.advanceTimersByTime(2_501)
  expect(onSilence).toHaveBeenCalledOnce()
})

test('waits for ever where no heartbeat is promised, and after it was stopped', () => {
  const onSilence = vi.fn()
  new Watchdog(onSilence).expect('0')
  const stopped = new Watchdog(onSilence)
  stopped.expect('1000')
  stopped.stop()
  vi.advanceTimersByTime(3_600_000)
  expect(onSilence).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('gives a server that names no interval 45 seconds', () => {
  const onSilence = vi.fn()
  new Watchdog(onSilence).expect(null)
  vi.advanceTimersByTime(44_999)
  expect(onSilence).not.toHaveBeenCalled()
  vi.advanceTimersByTime(2)
  expect(onSilence).toHaveBeenCalledOnce()
})
