import { encodePosition } from '@heartline/wire'
import { expect, test } from 'vitest'
import { Ledger, storedAt } from '../src/stream/ledger.ts'
import type { ReceivedEvent } from '../src/stream/state.ts'

test('counts an event that its newest cursor covers as a duplicate', () => {
  const ledger = new Ledger()
  expect([1, 2, 2, 1, 3].map((offset) => ledger.event(at('e1', offset)))).toEqual([
    true,
    true,
    false,
    false,
    true,
  ])
  expect(ledger.counts).toMatchObject({ events: 3, duplicates: 2 })
})

test('takes smaller offsets of another life of the log for new events', () => {
  const ledger = new Ledger()
  ledger.event(at('e1', 9))
  ledger.gap(cursor('e2', 0))
  expect(ledger.event(at('e2', 1))).toBe(true)
  expect(ledger.counts).toMatchObject({ events: 2, duplicates: 0, gaps: 1 })
})

test('takes what is read again after a gap that leads back for new events', () => {
  const ledger = new Ledger()
  ledger.event(at('e1', 9))
  ledger.gap(cursor('e1', 4))
  expect(ledger.event(at('e1', 5))).toBe(true)
})

test('counts values of a snapshot, which have no cursor', () => {
  const ledger = new Ledger()
  const value = { ...at('e1', 1), cursor: '' }
  expect([ledger.event(value), ledger.event(value)]).toEqual([true, true])
})

test('starts over with another selector but keeps counting', () => {
  const ledger = new Ledger()
  ledger.event(at('e1', 9))
  ledger.startOver()
  ledger.event(at('e1', 3))
  ledger.reconnect()
  ledger.heartbeat()
  expect(ledger.counts).toEqual({
    events: 2,
    duplicates: 0,
    gaps: 0,
    reconnects: 1,
    heartbeats: 1,
  })
})

test('reads from the cursor when the hub stored the event', () => {
  expect(storedAt(cursor('e1', 1))).toBe(1_800_000_000_001)
  expect(storedAt('')).toBeUndefined()
  expect(storedAt('not a cursor')).toBeUndefined()
})

function at(epoch: string, offset: number): ReceivedEvent {
  return { type: 'message', data: '{}', cursor: cursor(epoch, offset), receivedAt: 0 }
}

function cursor(epoch: string, offset: number): string {
  return encodePosition(epoch, { ms: 1_800_000_000_000 + offset, offset })
}
