import { afterEach, describe, expect, it } from 'vitest'
import { AckWatch } from '../src/acks.ts'
import { AdaptiveHeartbeat, firstHeartbeat, halveHeartbeat } from '../src/adaptive-heartbeat.ts'
import { Cohort } from '../src/cohort.ts'
import { createHub, type Hub, type HubOptions } from '../src/index.ts'
import { Subscriber } from '../src/subscriber.ts'
import { GateBroker } from './gate-broker.ts'
import { attachPipe } from './pipe.ts'

let hub: Hub | undefined
let now = 0
let heartbeats = new AdaptiveHeartbeat()
const subscribers: Subscriber[] = []
afterEach(async () => {
  for (const subscriber of subscribers.splice(0)) heartbeats.forget(subscriber)
  await hub?.close()
})

/** A reader, and the notices of its interval that it got. */
async function reader(options: Partial<HubOptions> = {}): Promise<{
  subscriber: Subscriber
  pipe: ReturnType<typeof attachPipe>['pipe']
  notices: string[]
}> {
  hub = await createHub({ broker: new GateBroker(), ...options })
  const { session, pipe } = attachPipe(hub, { selectors: ['a'] })
  const notices: string[] = []
  pipe.onWrite = (bytes) => {
    const [, ms] = /heartline heartbeat=(\d+)/.exec(new TextDecoder().decode(bytes)) ?? []
    if (ms !== undefined) notices.push(ms)
  }
  now = 1_000
  heartbeats = new AdaptiveHeartbeat(() => now)
  const cohort = new Cohort<Subscriber>('', { selectors: ['a'], privateRights: undefined })
  const subscription = hub.admit({ selectors: ['a'] })
  const subscriber = new Subscriber(session, cohort, subscription, { ms: 0, offset: 0 })
  subscribers.push(subscriber)
  return { subscriber, pipe, notices }
}

describe('a heartbeat interval', () => {
  it.each([
    [15_000, 7_500],
    [7_500, 5_000],
    [5_000, 5_000],
    [1_000, 1_000],
    [0, 0],
    [600_000, 300_000],
  ])('of %i ms is halved to %i', (ms, half) => {
    expect(halveHeartbeat(ms)).toBe(half)
  })

  it.each([
    { base: 15_000, silence: undefined, first: 15_000 },
    { base: 15_000, silence: 37_500, first: 7_500 },
    { base: 15_000, silence: 12_000, first: 5_000 },
    { base: 600_000, silence: 60_000, first: 18_750 },
    { base: 600_000, silence: 1_000, first: 5_000 },
    { base: 2_000, silence: 1_000, first: 2_000 },
    { base: 0, silence: 30_000, first: 0 },
  ])('begins with $first of $base after $silence ms of silence', ({ base, silence, first }) => {
    expect(firstHeartbeat(base, silence)).toBe(first)
  })

  it('is halved at each trouble, told to the reader, and doubled step by step', async () => {
    const { subscriber, notices } = await reader({ heartbeatMs: 30_000 })
    for (let trouble = 0; trouble < 4; trouble++) heartbeats.trouble(subscriber)
    expect(notices).toEqual(['15000', '7500', '5000'])
    expect(heartbeats.size).toBe(1)
    const steps = [
      [5_000, '10000'],
      [10_000, '20000'],
      [20_000, '30000'],
    ] as const
    for (const [ms, next] of steps) {
      now += ms * 20 - 1
      heartbeats.sweep()
      expect(notices.at(-1)).not.toBe(next)
      now += 1
      heartbeats.sweep()
      expect(notices.at(-1)).toBe(next)
    }
    expect(heartbeats.size).toBe(0)
  })

  it('stays for longer after trouble that could not shorten it', async () => {
    const { subscriber, notices } = await reader({ heartbeatMs: 10_000 })
    heartbeats.trouble(subscriber)
    now += 99_000
    heartbeats.trouble(subscriber)
    now += 2_000
    heartbeats.sweep()
    expect(notices).toEqual(['5000'])
  })

  it('that is short already is left alone', async () => {
    const { subscriber, notices } = await reader({ heartbeatMs: 2_000 })
    heartbeats.trouble(subscriber)
    expect(notices).toEqual([])
    expect(heartbeats.size).toBe(0)
  })

  it('does not change while the reader is behind', async () => {
    const { subscriber, pipe, notices } = await reader({ heartbeatMs: 15_000 })
    pipe.isHeld = true
    subscriber.session.comment('held')
    heartbeats.trouble(subscriber)
    expect(subscriber.session.pendingBytes).toBe(0)
    pipe.release()
    heartbeats.trouble(subscriber)
    expect(notices).toEqual(['7500'])
  })

  it('is halved at each acknowledgement that is missing', async () => {
    const { subscriber } = await reader({ heartbeatMs: 15_000 })
    const missed: number[] = []
    const acks = new AckWatch({ now: () => now, onMissed: () => missed.push(now) })
    acks.note(subscriber)
    const start = now
    for (; now <= start + 60_000; now += 1_000) acks.sweep()
    expect(missed.map((at) => at - start)).toEqual([31_000, 46_000])
    expect(subscriber.session.isOpen).toBe(true)
    acks.sweep()
    expect(subscriber.session.end?.reason).toBe('unresponsive')
    acks.forget(subscriber)
  })
})

describe('a reader whose last stream died in silence', () => {
  it('is told a shorter interval from the start', async () => {
    hub = await createHub({ broker: new GateBroker(), heartbeatMs: 15_000 })
    expect(hub.admit({ selectors: ['a'], silence: '30' }).heartbeatMs).toBe(7_500)
    expect(hub.admit({ selectors: ['a'] }).heartbeatMs).toBe(15_000)
  })

  it.each(['', '0', '-1', '1.5', '86401', '1e3', ' 5', 'x'])(
    'must say it in whole seconds, not as "%s"',
    async (silence) => {
      const open = await createHub({ broker: new GateBroker() })
      hub = open
      expect(() => open.admit({ selectors: ['a'], silence })).toThrow(
        expect.objectContaining({ code: 'HL_SILENCE_INVALID', status: 400 }),
      )
    },
  )
})
