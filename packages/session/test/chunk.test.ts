import { describe, expect, it } from 'vitest'
import { encodeFramed, toChunk } from '../src/chunk.ts'
import { frameChunk } from '../src/index.ts'
import { PendingBytes } from '../src/pending-bytes.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

describe('A chunk', () => {
  it.each([
    [1, '1'],
    [15, 'f'],
    [16, '10'],
    [255, 'ff'],
    [4_096, '1000'],
    [1_000_000, 'f4240'],
  ])('of %d bytes has the size %s', (size, hex) => {
    const chunk = frameChunk(new Uint8Array(size).fill(120))
    expect(Buffer.isBuffer(chunk)).toBe(true)
    expect(text(chunk)).toBe(`${hex}\r\n${'x'.repeat(size)}\r\n`)
  })

  it('of nothing is nothing: it would end the body', () => {
    expect(toChunk(new Uint8Array(0))).toHaveLength(0)
    expect(frameChunk(new Uint8Array(0))).toHaveLength(0)
  })

  it('counts bytes, not characters', () => {
    expect(text(encodeFramed('\u00e4\u{1f600}', 'chunked'))).toMatch(/^6\r\n/)
    expect(encodeFramed('\ud800', 'raw')).toEqual(new Uint8Array([0xef, 0xbf, 0xbd]))
    expect(encodeFramed(new Uint8Array([1, 2]), 'raw')).toEqual(new Uint8Array([1, 2]))
  })
})

describe('Pending bytes', () => {
  it('leave in one piece, in order', () => {
    const pending = new PendingBytes()
    for (let i = 0; i < 5; i++) pending.push(new Uint8Array([i, i]))
    expect(pending.bytes).toBe(10)
    expect([...pending.take()!]).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    expect(pending.bytes).toBe(0)
    expect(pending.take()).toBeUndefined()
  })

  it('leave after the rest of a write that was begun, which counts for none of them', () => {
    const pending = new PendingBytes()
    pending.push(new Uint8Array([2]))
    pending.putBack(new Uint8Array([1, 1]))
    expect(pending.bytes).toBe(1)
    expect([pending.take(), pending.take(), pending.take()]).toEqual([
      new Uint8Array([1, 1]),
      new Uint8Array([2]),
      undefined,
    ])
  })
})
