import { encodeCursor, encodePosition } from '@heartline/wire'
import { afterEach, describe, expect, it } from 'vitest'
import { createHub, type Hub, type HubOptions } from '../src/index.ts'
import { AckWatch } from '../src/acks.ts'
import { Cohort } from '../src/cohort.ts'
import { Subscriber } from '../src/subscriber.ts'
import { eventually } from './fixture.ts'
import { GateBroker, wait } from './gate-broker.ts'
import { attachPipe } from './pipe.ts'

let hub: Hub
afterEach(async () => hub?.close())

async function live(
  options: Partial<HubOptions> = {},
): Promise<ReturnType<typeof attachPipe> & { broker: GateBroker }> {
  const broker = new GateBroker()
  hub = await createHub({ broker, ...options })
  const reader = attachPipe(hub, { selectors: ['a'] })
  await eventually(() => reader.pipe.isLive)
  return { ...reader, broker }
}

describe('an acknowledgement', () => {
  it('without heartbeats is noted, and nobody is watched', async () => {
    const { session } = await live({ heartbeatMs: 0 })
    expect(hub.ack(session.id, { rttMs: 5 })).toBe(true)
    expect(hub.session(session.id)?.rttMs).toBe(5)
    const watch = new AckWatch()
    const terms = { selectors: ['a'], privateRights: undefined }
    const subscription = { ...hub.admit({ selectors: ['a'] }) }
    const subscriber = new Subscriber(session, new Cohort('', terms), subscription, {
      ms: 0,
      offset: 0,
    })
    watch.note(subscriber)
    expect(watch.size).toBe(0)
  })

  it('never moves a reader back', async () => {
    const { session } = await live()
    const [first] = await hub.publish([{ topic: 'a', data: 1 }])
    const [second] = await hub.publish([{ topic: 'a', data: 2 }])
    hub.ack(session.id, { cursor: second?.id, rttMs: 3 })
    hub.ack(session.id, { cursor: first?.id })
    hub.ack(session.id, {})
    expect(hub.session(session.id)).toMatchObject({ ackedCursor: second?.id, rttMs: 3 })
  })

  it('must name a place in this log that was there', async () => {
    const { session, broker } = await live()
    const { epoch, last } = await broker.state()
    const ahead = encodePosition(epoch, { ...last, offset: last.offset + 1 })
    const other = encodeCursor({ epoch, positions: new Map([['other', last]]) })
    for (const cursor of [ahead, other]) {
      expect(() => hub.ack(session.id, { cursor })).toThrow(
        expect.objectContaining({ code: 'HL_CURSOR_INVALID' }),
      )
    }
  })

  it('is not missed when the wall clock is set forward', async () => {
    const { session } = await live({ heartbeatMs: 1_000 })
    hub.ack(session.id, {})
    const { now } = Date
    Date.now = () => now() + 3_600_000
    try {
      await wait(1_300)
      expect(session.isOpen).toBe(true)
    } finally {
      Date.now = now
    }
  })
})

describe('a renewal', () => {
  it('that is not valid changes nothing', async () => {
    const { session } = await live()
    const expiresAtMs = Date.now() + 60_000
    hub.renew(session.id, { expiresAtMs })
    expect(() => hub.renew(session.id, { expiresAtMs: Number.NaN })).toThrow(
      expect.objectContaining({ code: 'HL_OPTION_INVALID' }),
    )
    expect(hub.session(session.id)?.expiresAtMs).toBe(expiresAtMs)
    expect(() => hub.renew(session.id, { rights: [] })).toThrow(
      expect.objectContaining({ code: 'HL_SELECTOR_FORBIDDEN' }),
    )
  })

  it('of a reader of public events must cover the rights it has, not its selectors', async () => {
    hub = await createHub({ broker: new GateBroker() })
    const request = { selectors: ['**'], rights: ['room/1'], anonymous: true }
    const { session } = attachPipe(hub, request)
    expect(hub.renew(session.id, { rights: ['room/*'] })).toBe(true)
    expect(() => hub.renew(session.id, { rights: ['other'] })).toThrow(
      expect.objectContaining({ code: 'HL_SELECTOR_FORBIDDEN' }),
    )
  })
})
