import { describe, expect, it } from 'vitest'
import {
  createWheel,
  IDLE,
  sharedWheel,
  TICK_MS,
  type Wheel,
  type WheelEntry,
} from '../src/index.ts'
import { sleep } from './kit/reader.ts'
import { VirtualClock } from './kit/virtual-clock.ts'

class Alarm implements WheelEntry {
  wheelAt = 0
  wheelSlot = IDLE
  wheelNext: WheelEntry | undefined = undefined
  wheelPrev: WheelEntry | undefined = undefined
  readonly rings: number[] = []
  readonly #then: (now: number) => void

  constructor(then: (now: number) => void = () => undefined) {
    this.#then = then
  }

  onWheel(now: number): void {
    this.rings.push(now)
    this.#then(now)
  }
}

function setUp(): { clock: VirtualClock; wheel: Wheel; start: number } {
  const clock = new VirtualClock()
  return { clock, wheel: createWheel(clock), start: clock.now() }
}

describe('A wheel', () => {
  it('runs an entry in the tick after it is due, and once', () => {
    const { clock, wheel, start } = setUp()
    const alarm = new Alarm()
    wheel.schedule(alarm, start + 250)
    clock.advance(250)
    expect(alarm.rings).toEqual([])
    clock.advance(60)
    expect(alarm.rings).toEqual([start + 300])
    clock.advance(500_000)
    expect(alarm.rings).toHaveLength(1)
    expect(wheel.size).toBe(0)
  })

  it('takes a time in the past as the next tick', () => {
    const { clock, wheel, start } = setUp()
    const alarm = new Alarm()
    wheel.schedule(alarm, start - 5_000)
    clock.advance(TICK_MS + 1)
    expect(alarm.rings).toEqual([start + TICK_MS])
  })

  it('keeps what is due after more than one turn', () => {
    const { clock, wheel, start } = setUp()
    const [near, far] = [new Alarm(), new Alarm()]
    wheel.schedule(near, start + 1_000)
    wheel.schedule(far, start + 1_000 + 3 * 102_400)
    clock.advance(300_000)
    expect(near.rings).toHaveLength(1)
    expect(far.rings).toEqual([])
    clock.advance(60_000)
    expect(far.rings).toEqual([start + 1_000 + 3 * 102_400])
  })

  it('moves an entry that is scheduled again, and forgets one that is cancelled', () => {
    const { clock, wheel, start } = setUp()
    const [moved, cancelled, later] = [new Alarm(), new Alarm(), new Alarm()]
    wheel.schedule(moved, start + 5_000)
    wheel.schedule(cancelled, start + 500)
    wheel.schedule(later, start + 500)
    wheel.schedule(moved, start + 500)
    wheel.cancel(cancelled)
    wheel.cancel(cancelled)
    expect(wheel.size).toBe(2)
    clock.advance(600)
    expect(moved.rings).toEqual([start + 500])
    expect(later.rings).toEqual([start + 500])
    expect(cancelled.rings).toEqual([])
  })

  it('has one timer while something is scheduled, and none otherwise', () => {
    const { clock, wheel, start } = setUp()
    const alarms = Array.from({ length: 10_000 }, () => new Alarm())
    for (const [i, alarm] of alarms.entries()) wheel.schedule(alarm, start + 15_000 + (i % 7_000))
    expect(clock.timers.size).toBe(1)
    expect(wheel.size).toBe(10_000)
    clock.advance(23_000)
    expect(alarms.every((alarm) => alarm.rings.length === 1)).toBe(true)
    expect(clock.timers.size).toBe(0)
    wheel.schedule(alarms[0]!, clock.now() + 1_000)
    expect(clock.timers.size).toBe(1)
    wheel.cancel(alarms[0]!)
    expect(clock.timers.size).toBe(0)
  })

  it('sleeps until the next bucket in use, and wakes earlier for what comes earlier', () => {
    const { clock, wheel, start } = setUp()
    const [late, early] = [new Alarm(), new Alarm()]
    wheel.schedule(late, start + 60_000)
    clock.advance(30_000)
    expect(clock.armed).toBe(1)
    wheel.schedule(early, clock.now() + 200)
    clock.advance(400)
    expect(early.rings).toHaveLength(1)
    clock.advance(30_000)
    expect(late.rings).toHaveLength(1)
    expect(clock.armed).toBe(3)
  })

  it('lets entries schedule and cancel others while it runs', () => {
    const { clock, wheel, start } = setUp()
    const victim = new Alarm()
    const beat = new Alarm((now) => wheel.schedule(beat, now + 1_000))
    const killer = new Alarm(() => wheel.cancel(victim))
    wheel.schedule(killer, start + 1_000)
    wheel.schedule(victim, start + 1_000)
    wheel.schedule(beat, start + 1_000)
    clock.advance(3_050)
    expect(beat.rings).toEqual([start + 1_000, start + 2_000, start + 3_000])
    expect(victim.rings).toEqual([])
    wheel.cancel(beat)
    expect(clock.timers.size).toBe(0)
  })

  it('runs late entries once with the current tick after the process was stopped', () => {
    const { clock, wheel, start } = setUp()
    const beat = new Alarm((now) => wheel.schedule(beat, now + 1_000))
    wheel.schedule(beat, start + 1_000)
    clock.freeze(500_000)
    clock.advance(1)
    expect(beat.rings).toEqual([start + 500_000])
    clock.advance(1_001)
    expect(beat.rings).toHaveLength(2)
  })

  it('gives the loop a turn after 1,024 entries', () => {
    const { clock, start } = setUp()
    let rang = 0
    const seen: number[] = []
    const setTimeout = clock.setTimeout.bind(clock)
    clock.setTimeout = (run, ms) => {
      seen.push(rang)
      return setTimeout(run, ms)
    }
    const wheel = createWheel(clock)
    for (let i = 0; i < 3_000; i++) wheel.schedule(new Alarm(() => void rang++), start + 1_000)
    clock.advance(1_100)
    expect(seen).toEqual([0, 1_024, 2_048])
    expect(rang).toBe(3_000)
  })

  it('goes on when an entry throws', () => {
    const { clock, wheel, start } = setUp()
    const after = new Alarm()
    const bad = new Alarm(() => {
      throw new Error('bad entry')
    })
    wheel.schedule(after, start + 1_000)
    wheel.schedule(bad, start + 1_000)
    expect(() => clock.advance(1_100)).toThrow('bad entry')
    clock.advance(100)
    expect(after.rings).toHaveLength(1)
    expect(clock.timers.size).toBe(0)
  })

  it('never runs an entry early, however times are spread', () => {
    const { clock, wheel, start } = setUp()
    let seed = 7
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    const late: number[] = []
    for (let i = 0; i < 5_000; i++) {
      const at = start + random() * 400_000
      wheel.schedule(new Alarm((now) => void late.push(now - at)), at)
      if (i % 50 === 0) clock.advance(random() * 300)
    }
    clock.advance(500_000)
    expect(late).toHaveLength(5_000)
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0)
  })

  it('keeps real time without keeping the process alive', async () => {
    const wheel = createWheel()
    let rang = 0
    const alarm = new Alarm(() => (rang = wheel.now()))
    const due = wheel.now() + 150
    wheel.schedule(alarm, due)
    await sleep(600)
    expect(rang).toBeGreaterThanOrEqual(due)
    expect(Math.abs(wheel.unixNow() - Date.now())).toBeLessThan(1_000)
    expect(sharedWheel()).toBe(sharedWheel())
  })

  it('lets unixNow follow its own clock', () => {
    const { clock, wheel } = setUp()
    clock.shiftWall(-5_000)
    expect(wheel.unixNow()).toBe(wheel.now() - 5_000)
    expect(createWheel({ now: () => 42 }).unixNow()).toBe(42)
  })
})
