import { afterEach, describe, expect, it } from 'vitest'
import { createHub, type Hub } from '../src/index.ts'
import { eventually, startHub } from './fixture.ts'
import { GateBroker, turn, wait } from './gate-broker.ts'
import { attachPipe, Pipe } from './pipe.ts'

let hub: Hub
afterEach(async () => hub?.close())

async function start(broker: GateBroker = new GateBroker()): Promise<GateBroker> {
  hub = await createHub({ broker })
  return broker
}

/** A reader that takes nothing from now on, and a write that waits for it. */
async function blocked(): Promise<ReturnType<typeof attachPipe>> {
  const reader = attachPipe(hub, { selectors: ['a'] })
  await eventually(() => reader.pipe.isLive)
  reader.pipe.isHeld = true
  await hub.publish([{ topic: 'a', data: 'x' }])
  await eventually(() => reader.session.isBlocked)
  return reader
}

const lastType = (pipe: Pipe): string | undefined => pipe.all.at(-1)?.type

describe('a drain', () => {
  it('does not wait for an append that hangs', async () => {
    const broker = await start()
    const { pipe } = attachPipe(hub, { selectors: ['a'] })
    await eventually(() => pipe.isLive)
    broker.beforeAppend = () => new Promise(() => {})
    void hub.publish([{ topic: 'a', data: 1 }])
    const before = performance.now()
    await hub.drain({ deadlineMs: 400 })
    expect(performance.now() - before).toBeLessThan(2_000)
    expect(lastType(pipe)).toBe('heartline.drain')
    await hub.close()
  })

  it('serves readers up to the offset that others settled on before it tells them', async () => {
    const broker = await start()
    const { pipe } = attachPipe(hub, { selectors: ['a'] })
    await eventually(() => pipe.isLive)
    const drained = hub.drain({
      deadlineMs: 20_000,
      settled: async () => {
        const [stored] = await broker.append([{ topics: ['a'], data: 'last' }])
        return stored?.position.offset ?? 0
      },
    })
    await drained
    expect(pipe.all.map(({ type }) => type).slice(-2)).toEqual(['message', 'heartline.drain'])
  })

  it('waits for the last bytes of a slow reader, and cuts it at the deadline', async () => {
    await start()
    const slow = await blocked()
    const stuck = await blocked()
    const before = performance.now()
    const drained = hub.drain({ deadlineMs: 1_500 })
    await wait(100)
    expect(slow.pipe.isEnded).toBe(false)
    slow.pipe.release()
    expect(lastType(slow.pipe)).toBe('heartline.drain')
    await drained
    expect(performance.now() - before).toBeGreaterThan(1_400)
    expect(slow.pipe.isEnded).toBe(true)
    await eventually(() => stuck.pipe.isEnded, 3_000)
    expect(hub.stats()).toMatchObject({ sessions: 0, ended: { drained: 2 } })
  })

  it('without time tells those who can be told and cuts the others at once', async () => {
    await start()
    const ready = attachPipe(hub, { selectors: ['a'] })
    await eventually(() => ready.pipe.isLive)
    const stuck = await blocked()
    const before = performance.now()
    await hub.drain({ deadlineMs: 0 })
    expect(performance.now() - before).toBeLessThan(2_000)
    expect(lastType(ready.pipe)).toBe('heartline.drain')
    await eventually(() => stuck.pipe.isEnded, 3_000)
  })

  it('tells a reader, too, that was admitted before and opens meanwhile or after', async () => {
    await start()
    attachPipe(hub, { selectors: ['a'] })
    const early = hub.admit({ selectors: ['a'] })
    const { createSession } = await import('@heartline/session')
    const open = (): Pipe => {
      const pipe = new Pipe()
      hub.attach(createSession(pipe, { heartbeatMs: 0 }), early)
      return pipe
    }
    const drained = hub.drain({ deadlineMs: 500 })
    const during = open()
    await drained
    const after = open()
    for (const pipe of [during, after]) {
      expect(lastType(pipe)).toBe('heartline.drain')
      expect(pipe.isEnded).toBe(true)
    }
    expect(hub.stats().sessions).toBe(0)
  })

  it('tells readers that are still in a replay', async () => {
    const broker = await start()
    for (let n = 0; n < 10; n++) await hub.publish([{ topic: 'a', data: n }])
    broker.beforeState = () => wait(200)
    const { pipe } = attachPipe(hub, { selectors: ['a'], since: 'earliest' })
    await hub.drain({ deadlineMs: 1_000 })
    expect(lastType(pipe)).toBe('heartline.drain')
    await wait(250)
    expect(lastType(pipe)).toBe('heartline.drain')
  })

  it('is spread over the deadline and lets others run', async () => {
    await start()
    const readers = Array.from({ length: 1_000 }, () => attachPipe(hub, { selectors: ['a'] }))
    await eventually(() => readers.every(({ pipe }) => pipe.isLive))
    const published = hub.publish([{ topic: 'a', data: 'last' }])
    const before = performance.now()
    const drained = hub.drain({ deadlineMs: 4_000 })
    await published
    await wait(100)
    const told = readers.filter(({ session }) => session.isOver).length
    expect(told).toBeGreaterThan(0)
    expect(told).toBeLessThan(1_000)
    await drained
    expect(performance.now() - before).toBeLessThan(5_000)
    for (const { pipe } of readers) {
      expect(pipe.data).toEqual(['last'])
      expect(lastType(pipe)).toBe('heartline.drain')
    }
  })

  it('twice at the same time is one', async () => {
    await start()
    const { pipe } = attachPipe(hub, { selectors: ['a'] })
    await Promise.all([hub.drain({ deadlineMs: 300 }), hub.drain({ deadlineMs: 300 })])
    expect(pipe.all.filter((event) => event.type === 'heartline.drain')).toHaveLength(1)
  })
})

describe('a close', () => {
  it('cuts what is left, and does not wait for an append that hangs', async () => {
    const broker = await start()
    const { session } = attachPipe(hub, { selectors: ['a'] })
    broker.beforeAppend = () => new Promise(() => {})
    void hub.publish([{ topic: 'a', data: 1 }])
    await turn()
    await hub.close()
    expect(session.end?.reason).toBe('drained')
  })

  it('leaves no timer behind', async () => {
    const fixture = await startHub()
    const reader = await (await fixture.read('topic=a')).live()
    fixture.hub.ack(String(reader.headers['heartline-session']), {})
    reader.leave()
    await eventually(() => fixture.hub.stats().sessions === 0)
    await fixture.close()
    await wait(50)
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
    expect(timers.length).toBeLessThan(3)
  })
})
