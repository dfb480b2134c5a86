import { describe, expect, it } from 'vitest'
import { Suspects } from '../../src/kernel-evidence/suspects.ts'
import type { Unanswered } from '../../src/kernel-evidence/tcp-table.ts'
import type { Session } from '../../src/index.ts'

const MAX_MS = 10_000
const SESSION = {} as Session

const lineOf = (change: Partial<Unanswered> = {}): Unanswered => ({
  localPort: 8_420,
  remotePort: 50_000,
  localAddress: '7f000001',
  remoteAddress: '7f000001',
  waiting: 'retransmit',
  attempts: 3,
  unacknowledgedBytes: 20,
  silentMs: 0,
  ...change,
})

/** Looks, and takes every stranger for a connection with one session. */
function look(suspects: Suspects, passedMs: number, ...lines: Unanswered[]): number {
  suspects.look(lines, passedMs)
  for (const stranger of suspects.strangers) stranger.sessions = [SESSION]
  return suspects.takeGone().length
}

describe('a suspect', () => {
  it('is gone when it was silent for the whole time, and only once', () => {
    const suspects = new Suspects(MAX_MS)
    expect(look(suspects, 1_000, lineOf())).toBe(0)
    expect(suspects.leftMs).toBe(MAX_MS)
    expect(look(suspects, 9_999, lineOf())).toBe(0)
    expect(suspects.leftMs).toBe(1)
    expect(look(suspects, 1, lineOf())).toBe(1)
    expect(suspects.sessions).toBe(0)
    expect(suspects.leftMs).toBe(Infinity)
  })

  it.each([
    { what: 'fewer attempts', change: { attempts: 2 } },
    { what: 'fewer bytes to acknowledge', change: { unacknowledgedBytes: 19 } },
    { what: 'another kind of waiting', change: { waiting: 'probe' } as const },
  ])('begins anew after a sign of life: $what', ({ change }) => {
    const suspects = new Suspects(MAX_MS)
    look(suspects, 0, lineOf())
    look(suspects, 9_000, lineOf())
    expect(look(suspects, 9_000, lineOf(change))).toBe(0)
    expect(suspects.leftMs).toBe(MAX_MS)
  })

  it('begins anew when it was no suspect in between', () => {
    const suspects = new Suspects(MAX_MS)
    look(suspects, 0, lineOf())
    look(suspects, 9_000)
    look(suspects, 9_000, lineOf())
    expect(suspects.leftMs).toBe(MAX_MS)
  })

  it('is silent for as long as the kernel tells, if that is longer', () => {
    const suspects = new Suspects(MAX_MS)
    look(suspects, 0, lineOf({ silentMs: 1_400 }))
    expect(suspects.leftMs).toBe(8_600)
    look(suspects, 1_000, lineOf({ silentMs: 1_400 }))
    expect(suspects.leftMs).toBe(7_600)
    look(suspects, 1_000, lineOf({ attempts: 4, silentMs: 3_000 }))
    expect(suspects.leftMs).toBe(6_600)
    look(suspects, 1_000, lineOf({ attempts: 5, silentMs: 6_200 }))
    expect(suspects.leftMs).toBe(3_800)
    expect(look(new Suspects(MAX_MS), 0, lineOf({ silentMs: MAX_MS }))).toBe(1)
  })

  it('is not gone before something was sent three times, however long that takes', () => {
    const suspects = new Suspects(MAX_MS)
    look(suspects, 0, lineOf({ attempts: 1 }))
    expect(look(suspects, 20_000, lineOf({ attempts: 2 }))).toBe(0)
    expect(look(suspects, 1, lineOf({ attempts: 3 }))).toBe(1)
  })

  it('counts once for a line that comes twice in one look', () => {
    const suspects = new Suspects(MAX_MS)
    look(suspects, 0, lineOf())
    expect(look(suspects, 6_000, lineOf(), lineOf())).toBe(0)
    expect(suspects.leftMs).toBe(4_000)
  })

  it('without a session is of no interest', () => {
    const suspects = new Suspects(MAX_MS)
    suspects.look([lineOf()], 0)
    for (const stranger of suspects.strangers) stranger.sessions = []
    suspects.look([lineOf()], 60_000)
    expect(suspects.strangers).toEqual([])
    expect(suspects.takeGone()).toEqual([])
    expect(suspects.leftMs).toBe(Infinity)
  })

  it('is told from others by both ends of its connection', () => {
    const suspects = new Suspects(MAX_MS)
    const others = [
      lineOf(),
      lineOf({ remotePort: 50_001 }),
      lineOf({ localPort: 8_421 }),
      lineOf({ localAddress: '7f000002' }),
      lineOf({ remoteAddress: '7f000002' }),
    ]
    look(suspects, 0, ...others)
    expect(suspects.sessions).toBe(5)
    expect(look(suspects, MAX_MS, ...others)).toBe(5)
  })
})
