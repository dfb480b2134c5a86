import { Buffer } from 'node:buffer'
import { endianness } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressKey } from '../../src/kernel-evidence/tcp-address.ts'
import { scanTcpTable, type Unanswered } from '../../src/kernel-evidence/tcp-table.ts'
import { HEAD, HEAD6, tcpLine } from './kit/tcp-line.ts'

function scan(text: string): Unanswered[] {
  const lines: Unanswered[] = []
  const bytes = Buffer.from(text, 'latin1')
  expect(scanTcpTable(bytes, bytes.length, (line) => lines.push(line))).toBe(bytes.length)
  return lines
}

// Recorded on Linux 6.18, x86-64. Addresses are printed in the byte order of the machine.
const RECORDED = {
  listening:
    '   0: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1145 1 00000000850f176d 100 0 0 10 0                      ',
  timeWait:
    '   1: 020200C0:B7A2 507100CB:01BB 06 00000000:00000000 03:0000172C 00000000     0        0 0 3 00000000a66d8b68                                      ',
  idle: '   1: 00000000000000000000000001000000:8A91 00000000000000000000000001000000:A208 01 00000000:0000000A 00:00000000 00000000     0        0 1877383 1 0000000042a2ddd5 20 4 30 10 -1',
  answeredProbes:
    '   8: 0100007F:C332 0100007F:8A91 01 0039DA86:00000000 04:00000133 00000000     0        0 1877380 2 0000000020892a95 20 0 0 15 -1                   ',
  closing:
    '   8: 0000000000000000FFFF0000010112C6:20E4 0000000000000000FFFF0000020112C6:96E8 04 00000069:00000000 01:00000057 00000006     0        0 0 2 00000000b0f3a0b0 326 4 31 1 -1',
  mapped:
    '   8: 0000000000000000FFFF0000010112C6:20E4 0000000000000000FFFF0000020112C6:96E8 01 00000069:00000000 01:00000057 00000006     0        0 2996150 2 00000000b0f3a0b0 326 4 31 1 -1',
  ipv6: ' 118: 000077FD000000000000000001000000:20E4 000077FD000000000000000002000000:D1A6 01 00000069:00000000 01:000001D0 00000005     0        0 2996151 2 00000000814245fa 652 4 31 1 -1',
}

describe.runIf(endianness() === 'LE')('lines that a kernel has printed', () => {
  it.each(['listening', 'timeWait', 'idle', 'answeredProbes', 'closing'] as const)(
    'say nothing: %s',
    (name) => {
      expect(scan(`${HEAD}${RECORDED[name]}\n`)).toEqual([])
    },
  )

  it('name a peer that does not answer, by IPv4 in an IPv6 socket', () => {
    expect(scan(`${HEAD6}${RECORDED.mapped}\n`)).toEqual([
      {
        localPort: 8_420,
        remotePort: 38_632,
        localAddress: addressKey('198.18.1.1'),
        remoteAddress: addressKey('::ffff:198.18.1.2'),
        waiting: 'retransmit',
        attempts: 6,
        unacknowledgedBytes: 0x69,
        // 3.26 s are due now; 1.63 s and so on down to 50 ms have passed.
        silentMs: 3_260 - 3_260 / 64,
      },
    ])
  })

  it('name a peer that does not answer, by IPv6', () => {
    expect(scan(`${HEAD6}${RECORDED.ipv6}\n`)).toMatchObject([
      { remotePort: 53_670, remoteAddress: addressKey('fd77::2'), attempts: 5 },
    ])
  })
})

describe('a table of connections', () => {
  it.each([
    { what: 'nothing to acknowledge', line: { queued: 0, timer: 1, retransmits: 3 } },
    { what: 'sent for the first time', line: { queued: 9, timer: 1, retransmits: 0 } },
    { what: 'keep-alive', line: { queued: 9, timer: 2, retransmits: 3 } },
    { what: 'no timer', line: { queued: 9, timer: 0, retransmits: 3 } },
    { what: 'answered probes', line: { queued: 9, timer: 4, retransmits: 3, probes: 0 } },
    { what: 'not open yet', line: { queued: 9, timer: 1, retransmits: 3, state: 2 } },
    { what: 'closed by us', line: { queued: 9, timer: 1, retransmits: 3, state: 4 } },
  ])('holds no suspect where there is $what', ({ line }) => {
    expect(scan(HEAD + tcpLine(line))).toEqual([])
  })

  it.each([
    { state: 1, timer: 1, retransmits: 1, waiting: 'retransmit', attempts: 1 },
    { state: 8, timer: 1, retransmits: 0x1f, waiting: 'retransmit', attempts: 31 },
    { state: 1, timer: 4, probes: 2, waiting: 'probe', attempts: 2 },
    // Numbers may be wider than their columns.
    {
      state: 1,
      timer: 4,
      probes: 123_456_789,
      uid: 4_294_967_295,
      waiting: 'probe',
      attempts: 123_456_789,
    },
    { state: 1, timer: 1, retransmits: 2, row: 1_234_567, waiting: 'retransmit', attempts: 2 },
  ])('holds a suspect: %j', ({ waiting, attempts, ...line }) => {
    expect(scan(HEAD + tcpLine({ queued: 5, ...line }))).toMatchObject([
      { waiting, attempts, unacknowledgedBytes: 5 },
    ])
  })

  it.each([
    { line: { timer: 1, retransmits: 1, rto: 40 }, silentMs: 200 },
    { line: { timer: 1, retransmits: 3, rto: 160 }, silentMs: 1_400 },
    { line: { timer: 1, retransmits: 15, rto: 12_000 }, silentMs: 120_000 * (1 - 0.5 ** 15) },
    { line: { timer: 4, probes: 3, rto: 160 }, silentMs: 0 },
  ])('tells how long a suspect is silent: %j', ({ line, silentMs }) => {
    expect(scan(tcpLine({ queued: 5, ...line }))).toMatchObject([{ silentMs }])
    const cut = tcpLine({ queued: 5, ...line }).replace(/ \d+ 4 31 1 -1\n/, '\n')
    expect(scan(cut)).toMatchObject([{ silentMs: 0 }])
  })

  it('is the same however it is cut', () => {
    const line = fc.record({
      row: fc.nat(99_999),
      queued: fc.nat(3),
      timer: fc.nat(4),
      retransmits: fc.nat(2),
      probes: fc.nat(2),
      state: fc.constantFrom(1, 6, 8, 10),
      remotePort: fc.integer({ min: 1, max: 65_535 }),
      remote: fc.constantFrom('10.1.2.3', '::ffff:10.1.2.3', 'fd00::9'),
    })
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), fc.array(fc.nat(400)), (lines, cuts) => {
        const text = HEAD + lines.map(tcpLine).join('')
        expect(scanInPieces(Buffer.from(text, 'latin1'), cuts)).toEqual(scan(text))
        const expected = lines.filter(({ state, queued, timer, retransmits, probes }) => {
          const attempts = timer === 1 ? retransmits : timer === 4 ? probes : 0
          return (state === 1 || state === 8) && queued > 0 && attempts > 0
        })
        expect(
          scan(text).map(({ remotePort, remoteAddress }) => ({ remotePort, remoteAddress })),
        ).toEqual(
          expected.map(({ remotePort, remote }) => ({
            remotePort,
            remoteAddress: addressKey(remote),
          })),
        )
      }),
    )
  })

  it('is looked through without an error, whatever it holds, and suspects are whole', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom('\n', ':', ' ', '01', '00000001', '0100007F:1F90 '),
      fc.constant(tcpLine({ queued: 5, timer: 1, retransmits: 3 })),
    )
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const lines: Unanswered[] = []
        const bytes = Buffer.from(pieces.join(''), 'latin1')
        const used = scanTcpTable(bytes, bytes.length, (line) => lines.push(line))
        expect(used).toBe(bytes.lastIndexOf(10) + 1)
        for (const line of lines) {
          expect(Object.values(line).every((value) => value !== undefined)).toBe(true)
          expect(line.attempts > 0 && line.unacknowledgedBytes > 0).toBe(true)
          expect(Number.isInteger(line.localPort) && Number.isInteger(line.remotePort)).toBe(true)
        }
      }),
    )
  })

  it('finds nothing in a line one character of which is wrong, where it matters', () => {
    const good = tcpLine({ queued: 5, timer: 1, retransmits: 3 })
    const end = good.indexOf(' 00000003 ') + 9
    // What was received, and when the timer runs out, is not looked at.
    const unread = [good.indexOf(':00000000 01'), good.indexOf(':00000057 ')]
    for (let at = 4; at < end; at++) {
      const isUnread = unread.some((colon) => at > colon && at <= colon + 8)
      const bad = `${good.slice(0, at)}z${good.slice(at + 1)}`
      expect(scan(bad), `character ${at} of ${bad}`).toHaveLength(isUnread ? 1 : 0)
    }
  })
})

function scanInPieces(bytes: Buffer, cuts: readonly number[]): Unanswered[] {
  const lines: Unanswered[] = []
  let kept: Buffer<ArrayBufferLike> = Buffer.alloc(0)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    const piece = Buffer.concat([kept, bytes.subarray(from, from + cut)])
    from = Math.min(bytes.length, from + cut)
    kept = piece.subarray(scanTcpTable(piece, piece.length, (line) => lines.push(line)))
  }
  return lines
}
