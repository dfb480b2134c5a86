import { Buffer } from 'node:buffer'
import type { Entry } from '@heartline/broker'
import { describe, expect, it } from 'vitest'
import { Cohort } from '../src/cohort.ts'
import { PIECE_BYTES } from '../src/cohort-log.ts'

const at = (offset: number) => ({ ms: offset * 10, offset })

function frame(offset: number, bytes: number, more: Partial<Entry> = {}) {
  const entry: Entry = { topics: ['a'], data: '', position: at(offset), ...more }
  return { entry, bytes: Buffer.alloc(bytes, 120) }
}

function newCohort(members: number, privateRights?: readonly string[]) {
  const cohort = new Cohort<{ index: number }>('', { selectors: ['a', 'b/*'], privateRights })
  for (let n = 0; n < members; n++) cohort.add({ index: -1 })
  return cohort
}

describe('a cohort', () => {
  it('takes an entry once, and a private one only with a right to one of its topics', () => {
    const cohort = newCohort(1, ['b/*'])
    expect(cohort.offer(frame(1, 10))).toBe(true)
    expect(cohort.offer(frame(1, 10))).toBe(false)
    expect(cohort.offer(frame(2, 10, { private: true }))).toBe(false)
    expect(cohort.offer(frame(3, 10, { private: true, topics: ['a', 'b/c'] }))).toBe(true)
    expect(cohort.wantsOn(frame(4, 10, { private: true }).entry, 'a')).toBe(false)
    expect(cohort.seal(at(9))).toBe(20)
    expect(cohort.piece(0, 'raw')).toMatchObject({ events: 2, last: at(9) })
  })

  it('seals what comes in one turn in pieces, each with the place at its end', () => {
    const cohort = newCohort(1)
    for (let offset = 1; offset <= 10; offset++) cohort.offer(frame(offset, 20_000))
    expect(cohort.seal(at(50))).toBe(200_000)
    const pieces = []
    for (let from = 0; from < cohort.head; from = pieces.at(-1)?.to ?? Infinity) {
      pieces.push(cohort.piece(from, 'chunked'))
    }
    expect(pieces.map((piece) => piece.last.offset)).toEqual([4, 8, 50])
    expect(pieces.map((piece) => piece.events)).toEqual([4, 4, 2])
    for (const piece of pieces) expect(piece.to).toBeLessThanOrEqual(3 * (PIECE_BYTES + 20_000))
    expect(cohort.piece(0, 'chunked')).toBe(pieces[0])
    expect(cohort.piece(160_000, 'chunked')).toBe(pieces[2])
  })

  it('frees its log with the flush when all members have all of it', () => {
    const cohort = newCohort(2)
    cohort.offer(frame(1, 100))
    cohort.beginPass(at(1))
    cohort.endPass(1_000_000)
    expect(cohort.base).toBe(100)
  })

  it('frees its log when its last laggard has caught up or has left', () => {
    const cohort = newCohort(3)
    const [first, second] = cohort.members
    if (first === undefined || second === undefined) throw new Error('no members')
    cohort.offer(frame(1, 100))
    cohort.beginPass(at(1))
    cohort.fellBack(first)
    cohort.fellBack(second)
    cohort.endPass(1_000_000)
    expect(cohort.base).toBe(0)
    cohort.caughtUp(first)
    expect(cohort.base).toBe(0)
    cohort.delete(second)
    expect(cohort.base).toBe(100)
  })

  it('keeps what is not offered to all yet when its last laggard catches up', () => {
    const cohort = newCohort(2)
    const [member] = cohort.members
    if (member === undefined) throw new Error('no member')
    cohort.offer(frame(1, 100))
    cohort.beginPass(at(1))
    cohort.fellBack(member)
    cohort.caughtUp(member)
    expect(cohort.base).toBe(0)
    cohort.fellBack(member)
    cohort.endPass(1_000_000)
    cohort.offer(frame(2, PIECE_BYTES))
    cohort.isMarked = true
    cohort.caughtUp(member)
    expect(cohort.base).toBe(0)
    cohort.beginPass(at(2))
    cohort.endPass(1_000_000)
    expect(cohort.base).toBe(100 + PIECE_BYTES)
  })

  it('keeps a bounded part for laggards, and all of what nobody was offered yet', () => {
    const cohort = newCohort(2)
    const [member] = cohort.members
    if (member === undefined) throw new Error('no member')
    let offset = 0
    for (let n = 0; n < 100; n++) cohort.offer(frame(++offset, 10_000))
    cohort.isMarked = true
    cohort.beginPass(at(offset))
    cohort.fellBack(member)
    for (let n = 0; n < 50; n++) cohort.offer(frame(++offset, 10_000))
    cohort.isMarked = true
    cohort.endPass(200_000)
    expect(cohort.base).toBe(1_000_000)
    expect(cohort.head).toBeGreaterThan(1_400_000)
    cohort.beginPass(at(offset))
    cohort.fellBack(member)
    cohort.endPass(200_000)
    expect(cohort.head - cohort.base).toBeLessThanOrEqual(200_000)
    cohort.reset()
    expect(cohort.base).toBe(cohort.head)
  })
})
