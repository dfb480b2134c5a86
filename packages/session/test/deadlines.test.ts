import { describe, expect, it } from 'vitest'
import { createFetchSession, createWheel, type Session, type SessionOptions } from '../src/index.ts'
import { Received } from './kit/reader.ts'
import { VirtualClock } from './kit/virtual-clock.ts'

/** A session on a Web stream in virtual time: real bytes, no waiting. */
class Desk {
  readonly clock = new VirtualClock()
  readonly start = this.clock.now()
  readonly received = new Received()
  readonly session: Session
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>

  constructor(options: SessionOptions = {}) {
    const wheel = createWheel(this.clock)
    const request = new Request('http://localhost/')
    const { session, response } = createFetchSession(request, { wheel, ...options })
    this.session = session
    this.#reader = response.body!.getReader()
  }

  /** Reads one chunk. */
  async read(): Promise<string> {
    const { value } = await this.#reader.read()
    if (value === undefined) return ''
    this.received.take(value)
    return new TextDecoder().decode(value)
  }

  /** Lets time pass in small steps while the reader reads; how many chunks came. */
  async run(ms: number): Promise<number> {
    if (!this.#following) void this.#follow()
    await settled()
    const before = this.#chunks
    for (const end = this.clock.now() + ms; this.clock.now() < end;) {
      this.clock.advance(10)
      await settled()
    }
    return this.#chunks - before
  }

  #following = false
  #chunks = 0

  async #follow(): Promise<void> {
    this.#following = true
    while ((await this.read()) !== '') this.#chunks++
  }

  /** Writes until the stream is full. */
  block(): void {
    while (!this.session.isBlocked) this.session.send({ data: 'x'.repeat(8_192) })
  }
}

async function settled(): Promise<void> {
  for (let i = 0; i < 8; i++) await Promise.resolve()
}

describe('The heartbeat of a session', () => {
  it.each([1_000, 15_000, 600_000])('is steady every %d ms while idle', async (heartbeatMs) => {
    const desk = new Desk({ heartbeatMs })
    const step = heartbeatMs / 1_000
    await desk.read()
    for (let beat = 1; beat <= 20; beat++) {
      desk.clock.advance(heartbeatMs - 2 * step)
      expect(desk.session.lastWriteAt).toBe(desk.start + (beat - 1) * heartbeatMs)
      desk.clock.advance(2 * step)
      desk.clock.advance(beat === 1 ? 2 : 0)
      expect(desk.session.lastWriteAt).toBe(desk.start + beat * heartbeatMs)
      expect(await desk.read()).toMatch(/^: hb \d+\n\n$/)
    }
  })

  it('carries the Unix time', async () => {
    const desk = new Desk({ heartbeatMs: 1_000 })
    desk.clock.shiftWall(86_400_000)
    await desk.read()
    desk.clock.advance(1_001)
    expect(await desk.read()).toBe(`: hb ${desk.start + 1_001 + 86_400_000}\n\n`)
  })

  it('is a named event when asked for', async () => {
    const desk = new Desk({ heartbeatMs: 1_000, heartbeatKind: 'event' })
    await desk.read()
    desk.clock.advance(1_001)
    expect(await desk.read()).toBe(
      `event: heartbeat\ndata: {"type":"HEARTBEAT","timestamp":${desk.start + 1_001}}\n\n`,
    )
  })

  it('is not sent to a session that is written to within the interval', async () => {
    const desk = new Desk({ heartbeatMs: 1_000 })
    for (let i = 0; i < 30; i++) {
      desk.session.send({ data: 'busy' })
      await desk.run(800)
    }
    expect(desk.received.comments.filter((text) => text.includes('hb'))).toEqual([])
    expect(await desk.run(1_000)).toBe(1)
    expect(desk.received.comments.at(-1)).toMatch(/hb \d+/)
  })

  it('follows the last write by one interval, to the tick', async () => {
    const desk = new Desk({ heartbeatMs: 1_000 })
    desk.clock.advance(430)
    desk.session.send({ data: 'x' })
    desk.clock.advance(1_000)
    expect(desk.session.lastWriteAt).toBe(desk.start + 430)
    desk.clock.advance(80)
    expect(desk.session.lastWriteAt).toBe(desk.start + 1_500)
  })

  it('leaves with those of others at a part of a long interval, never late', async () => {
    const desk = new Desk({ heartbeatMs: 15_000 })
    desk.clock.advance(5_430)
    desk.session.send({ data: 'x' })
    desk.clock.advance(14_000)
    const wroteAt = desk.start + 5_430
    expect(desk.session.lastWriteAt).toBe(wroteAt)
    desk.clock.advance(1_100)
    const beatAt = desk.session.lastWriteAt
    expect(beatAt % 1_000).toBe(0)
    expect(beatAt - wroteAt).toBeGreaterThan(14_000)
    expect(beatAt - wroteAt).toBeLessThanOrEqual(15_000)
    // From then on at the interval itself.
    desk.clock.advance(15_100)
    expect(desk.session.lastWriteAt - beatAt).toBe(15_000)
  })

  it('can be off, changed and switched on later', async () => {
    const desk = new Desk({ heartbeatMs: 0 })
    expect(desk.clock.timers.size).toBe(0)
    await desk.read()
    expect(await desk.run(10_000)).toBe(0)
    desk.session.setHeartbeat(5_000)
    expect(await desk.run(5_050)).toBe(1)
    expect(desk.received.text).toContain(': heartline heartbeat=5000\n\n: hb ')
    desk.session.setHeartbeat(1_000)
    desk.session.setHeartbeat(1_000)
    expect(await desk.run(3_150)).toBe(3)
    desk.session.setHeartbeat(0)
    expect(await desk.run(5_000)).toBe(0)
    expect(desk.received.text).toMatch(/heartbeat=0\n\n$/)
    expect(() => desk.session.setHeartbeat(999)).toThrow(
      expect.objectContaining({ code: 'HL_OPTION_INVALID' }),
    )
  })

  it('rests while the reader is blocked and starts again when it reads', async () => {
    const desk = new Desk({ heartbeatMs: 1_000, maxBlockedMs: 0 })
    desk.block()
    desk.clock.advance(120_000)
    expect(desk.session.isBlocked).toBe(true)
    await desk.run(10)
    expect(desk.session.isBlocked).toBe(false)
    expect(await desk.run(2_200)).toBe(2)
  })
})

describe('The deadlines of a session', () => {
  it('end it with `blocked` when the reader takes nothing for too long', async () => {
    const desk = new Desk({ maxBlockedMs: 60_000 })
    desk.clock.advance(5_000)
    desk.block()
    desk.clock.advance(59_900)
    expect(desk.session.isOpen).toBe(true)
    desk.clock.advance(202)
    expect(desk.session.end).toMatchObject({ reason: 'blocked' })
    await expect(desk.read()).rejects.toMatchObject({ code: 'HL_SESSION_ENDED' })
    expect(desk.clock.timers.size).toBe(0)
  })

  it('leave a large write the time of its pieces, as long as the reader takes them', async () => {
    const desk = new Desk({ maxBlockedMs: 10_000, heartbeatMs: 0 })
    await desk.read()
    desk.session.send({ data: 'x'.repeat(5 * 1_048_576) })
    for (let piece = 0; piece < 4; piece++) {
      desk.clock.advance(9_000)
      await desk.read()
      await settled()
    }
    expect(desk.session.isOpen).toBe(true)
    desk.clock.advance(10_200)
    expect(desk.session.end).toMatchObject({ reason: 'blocked' })
  })

  it('leave a large write that takes no piece no more than a small one', () => {
    const desk = new Desk({ maxBlockedMs: 10_000, heartbeatMs: 0 })
    desk.session.send({ data: 'x'.repeat(5 * 1_048_576) })
    desk.clock.advance(10_200)
    expect(desk.session.end).toMatchObject({ reason: 'blocked' })
  })

  it('start anew when the reader takes something', async () => {
    const desk = new Desk({ maxBlockedMs: 10_000, heartbeatMs: 0 })
    for (let i = 0; i < 5; i++) {
      desk.block()
      desk.clock.advance(9_000)
      await desk.run(10)
    }
    expect(desk.session.isOpen).toBe(true)
  })

  it('end it with `max-age`, up to a tenth early', async () => {
    const ages = [0, 0.5, 0.999].map((draw) => {
      const desk = new Desk({ maxAgeMs: 100_000, random: () => draw })
      for (let t = 0; t < 101_000 && desk.session.isOpen; t += 100) desk.clock.advance(100)
      expect(desk.session.end?.reason).toBe('max-age')
      return desk.clock.now() - desk.start
    })
    expect(ages[0]).toBeGreaterThanOrEqual(100_000)
    expect(ages[0]).toBeLessThan(100_300)
    expect(Math.abs(ages[1]! - 95_000)).toBeLessThan(300)
    expect(Math.abs(ages[2]! - 90_000)).toBeLessThan(300)
  })

  it('can lift the age limit', () => {
    const desk = new Desk({ maxAgeMs: 5_000 })
    desk.session.setMaxAge(0)
    desk.clock.advance(20_000)
    expect(desk.session.isOpen).toBe(true)
    desk.session.setMaxAge(1_000)
    desk.clock.advance(1_200)
    expect(desk.session.end?.reason).toBe('max-age')
    desk.session.setMaxAge(1_000)
    expect(() => desk.session.setMaxAge(-1)).toThrow()
  })

  it('end it no later than its token, and say so', async () => {
    const desk = new Desk({ heartbeatMs: 0 })
    desk.session.setExpiry(desk.start + 7_250)
    desk.clock.advance(7_100)
    expect(desk.session.isOpen).toBe(true)
    desk.clock.advance(150)
    expect(desk.session.end).toMatchObject({ reason: 'token-expired' })
    expect(desk.session.end!.at).toBeLessThanOrEqual(desk.start + 7_250)
    await desk.read()
    expect(await desk.read()).toBe('event: heartline.expired\ndata: {}\n\n')
    expect(await desk.read()).toBe('')
  })

  it('follow a token that is renewed, taken away or past', () => {
    const desk = new Desk({ expiresAtMs: new VirtualClock().now() + 5_000 })
    desk.session.setExpiry(desk.start + 20_000)
    desk.clock.advance(15_000)
    desk.session.setExpiry(undefined)
    desk.clock.advance(100_000)
    expect(desk.session.isOpen).toBe(true)
    desk.session.setExpiry(desk.start)
    desk.clock.advance(101)
    expect(desk.session.end?.reason).toBe('token-expired')
    desk.session.setExpiry(desk.start)
    expect(() => desk.session.setExpiry(Number.NaN)).toThrow()
  })

  it('notice within a minute that the wall clock was set past the token', () => {
    const desk = new Desk({ heartbeatMs: 0, expiresAtMs: new VirtualClock().now() + 3_600_000 })
    desk.clock.advance(1_000)
    desk.clock.shiftWall(7_200_000)
    desk.clock.advance(60_200)
    expect(desk.session.end?.reason).toBe('token-expired')
  })

  it('are not moved by a wall clock that is set back', () => {
    const desk = new Desk({ heartbeatMs: 1_000 })
    desk.clock.shiftWall(-3_600_000)
    desk.clock.advance(1_101)
    expect(desk.session.lastWriteAt).toBe(desk.start + 1_000)
  })

  it('cut what waits when the grace of a close is over', async () => {
    const desk = new Desk()
    desk.block()
    desk.session.close('ended', { graceMs: 1_000 })
    expect(desk.session.end).toMatchObject({ reason: 'ended' })
    desk.clock.advance(1_101)
    await expect(desk.read()).rejects.toMatchObject({ code: 'HL_SESSION_ENDED' })
    expect(desk.clock.timers.size).toBe(0)
  })

  it('leave no timer behind when the session ends', async () => {
    const desk = new Desk({ maxAgeMs: 50_000, expiresAtMs: new VirtualClock().now() + 5_000 })
    await desk.read()
    desk.session.close()
    expect(desk.clock.timers.size).toBe(0)
  })

  it('share one timer between ten thousand sessions', () => {
    const clock = new VirtualClock()
    const wheel = createWheel(clock)
    const sessions = Array.from(
      { length: 10_000 },
      () => createFetchSession(new Request('http://localhost/'), { wheel }).session,
    )
    expect(clock.timers.size).toBe(1)
    expect(wheel.size).toBe(10_000)
    clock.advance(15_200)
    expect(sessions.every((session) => session.lastWriteAt > session.openedAt)).toBe(true)
    expect(clock.timers.size).toBe(1)
    for (const session of sessions) session.close()
    clock.advance(5_200)
    expect(clock.timers.size).toBe(0)
  })
})
