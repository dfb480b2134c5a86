import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { CohortLog } from '../src/cohort-log.ts'

const at = (offset: number) => ({ ms: offset * 10, offset })

function logOf(sizes: readonly number[]): CohortLog {
  const log = new CohortLog()
  for (const [index, size] of sizes.entries()) {
    log.add(Buffer.alloc(size, 97 + (index % 26)))
    log.seal(at(index + 1))
  }
  return log
}

function readAll(log: CohortLog, from: number, framing: 'raw' | 'chunked' = 'raw'): Buffer {
  const parts: Buffer[] = []
  let position = from
  while (position < log.head) {
    const piece = log.piece(position, framing)
    expect(piece.to).toBeGreaterThan(position)
    parts.push(piece.bytes)
    position = piece.to
  }
  return Buffer.concat(parts)
}

describe('a cohort log', () => {
  it('gives everything from a position to the head, in pieces', () => {
    const log = logOf([10, 70_000, 5, 5, 40_000, 40_000, 1])
    expect(readAll(log, 0)).toHaveLength(log.head)
    expect(readAll(log, 10)).toHaveLength(log.head - 10)
    expect(log.piece(0, 'raw')).toMatchObject({ to: 10, events: 1, last: at(1) })
    expect(log.piece(70_010, 'raw')).toMatchObject({ to: 110_020, events: 3, last: at(5) })
  })

  it('makes a piece once for all who ask for the same', () => {
    const log = logOf([10, 20])
    expect(log.piece(0, 'chunked')).toBe(log.piece(0, 'chunked'))
    expect(log.piece(0, 'raw')).toBe(log.piece(0, 'raw'))
    const before = log.piece(0, 'raw')
    log.add(Buffer.from('x'))
    log.seal(at(3))
    expect(log.piece(0, 'raw')).not.toBe(before)
  })

  it('frames one chunk a piece', () => {
    const log = logOf([3])
    expect(log.piece(0, 'chunked').bytes.toString('latin1')).toBe('3\r\naaa\r\n')
  })

  it('forgets whole batches from the oldest', () => {
    const log = logOf([100, 100, 100])
    log.trim(250)
    expect(log.base).toBe(100)
    expect(readAll(log, 100)).toHaveLength(200)
  })

  it('seals what is pending into one batch, and nothing where nothing is', () => {
    const log = new CohortLog(1_000)
    log.seal(at(1))
    expect(log.head).toBe(1_000)
    for (const text of ['ab', 'c', 'def']) log.add(Buffer.from(text))
    expect(log.pendingBytes).toBe(6)
    expect(log.head).toBe(1_000)
    log.seal(at(4))
    expect(log.piece(1_000, 'raw')).toMatchObject({ to: 1_006, events: 3, last: at(4) })
    expect(log.pendingBytes).toBe(0)
  })

  it('knows nothing of what it held when it goes on elsewhere', () => {
    const log = logOf([10, 20])
    log.piece(0, 'raw')
    log.add(Buffer.from('pending'))
    log.restartAt(0)
    log.seal(at(9))
    expect([log.base, log.head, log.pendingBytes]).toEqual([0, 0, 0])
    log.add(Buffer.from('new'))
    log.seal(at(1))
    expect(log.piece(0, 'raw').bytes.toString()).toBe('new')
  })
})
