import { describe, expect, it } from 'vitest'
import { resolveSessionOptions, sessionDefaults, type SessionOptions } from '../src/index.ts'
import { headFields } from '../src/head.ts'
import { jitterUp } from '../src/greeting.ts'
import { randomSessionId } from '../src/session-id.ts'

describe('Session options', () => {
  it('have these defaults', () => {
    expect(sessionDefaults).toEqual({
      heartbeatMs: 15_000,
      heartbeatKind: 'comment',
      retryMs: 2_000,
      retryJitter: 0.5,
      maxBlockedMs: 60_000,
      maxAgeMs: 0,
      expiresAtMs: undefined,
      maxPendingBytes: 1_048_576,
      headers: {},
      onHeartbeat: sessionDefaults.onHeartbeat,
      random: Math.random,
    })
    expect(Object.isFrozen(sessionDefaults)).toBe(true)
    expect(resolveSessionOptions()).toMatchObject({ ...sessionDefaults })
  })

  it.each<SessionOptions>([
    { heartbeatMs: 0 },
    { heartbeatMs: 1_000 },
    { heartbeatMs: 600_000 },
    { heartbeatKind: 'ping' as const },
    { retryMs: 0, retryJitter: 0, maxBlockedMs: 0, maxPendingBytes: 0 },
    { id: 'a' },
  ])('take %j', (options) => {
    expect(resolveSessionOptions(options)).toMatchObject(options)
  })

  it.each([
    { heartbeatMs: 999 },
    { heartbeatMs: 600_001 },
    { heartbeatMs: -1 },
    { heartbeatMs: Number.NaN },
    { heartbeatMs: '15000' },
    { heartbeatKind: 'both' },
    { retryMs: -1 },
    { retryMs: Infinity },
    { retryJitter: 11 },
    { maxBlockedMs: '0' },
    { maxAgeMs: 2 ** 31 },
    { expiresAtMs: -1 },
    { maxPendingBytes: Number.NaN },
    { id: '' },
    { id: 'has space' },
    { id: 'x'.repeat(129) },
    { id: 7 },
  ])('refuse %j', (options) => {
    expect(() => resolveSessionOptions(options as SessionOptions)).toThrow(
      expect.objectContaining({ code: 'HL_OPTION_INVALID', fault: 'caller' }),
    )
  })

  it('say what was given and what is allowed', () => {
    expect(() => resolveSessionOptions({ heartbeatMs: 10 })).toThrow(
      'The option heartbeatMs is 10; it takes 0 (off) or 1000 to 600000.',
    )
  })

  it.each([
    { 'Content-Type': 'text/html' },
    { 'content-length': '5' },
    { 'Transfer-Encoding': 'chunked' },
    { Connection: 'close' },
    { 'X-Split': 'a\r\nSet-Cookie: b' },
    { 'X-Split\r\n': 'a' },
    { 'X-Unicode': '\u{1f600}' },
    { 'X-Number': 5 },
  ])('refuse the headers %j', (headers) => {
    const options = resolveSessionOptions({ headers: headers as Record<string, string> })
    expect(() => headFields(options)).toThrow(
      expect.objectContaining({ code: 'HL_OPTION_INVALID' }),
    )
  })
})

describe('An id', () => {
  it('is long, URL-safe and never the same', () => {
    const ids = new Set(Array.from({ length: 10_000 }, randomSessionId))
    expect(ids.size).toBe(10_000)
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })
})

describe('Jitter', () => {
  it('only ever adds', () => {
    expect(jitterUp(2_000, 0.5, () => 0)).toBe(2_000)
    expect(jitterUp(2_000, 0.5, () => 0.999_999)).toBe(2_999)
    expect(jitterUp(2_000, 0, () => 0.9)).toBe(2_000)
  })
})
