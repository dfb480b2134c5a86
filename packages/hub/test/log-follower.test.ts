import {
  createMemoryBroker,
  type Broker,
  type Entry,
  type LogState,
  type Tail,
  type TailSink,
} from '@heartline/broker'
import { encodePosition } from '@heartline/wire'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually, startHub, type HubFixture } from './fixture.ts'

let hub: HubFixture
afterEach(() => hub?.close())

/** A real memory broker whose newest tail can be held back or die silently, and whose life can end. */
function controlledBroker() {
  const inner = createMemoryBroker()
  let tails = 0
  let epoch: string | undefined
  let newest: { sink: TailSink; held: Entry[] | undefined } | undefined
  const withEpoch = (state: LogState): LogState => ({ ...state, epoch: epoch ?? state.epoch })
  const broker: Broker = {
    name: inner.name,
    durability: inner.durability,
    append: (entries) => inner.append(entries),
    read: (request) => inner.read(request),
    state: async () => withEpoch(await inner.state()),
    locate: (position) => inner.locate(position),
    close: () => inner.close(),
    tail(after, sink): Promise<Tail> {
      tails++
      const own: { sink: TailSink; held: Entry[] | undefined } = { sink, held: undefined }
      newest = own
      return inner.tail(after, {
        entries: (batch) =>
          own.held === undefined ? sink.entries(batch) : void own.held.push(...batch),
        state: (state) => sink.state(state),
        reset: (state) => sink.reset(state),
      })
    },
  }
  return {
    broker,
    get tails() {
      return tails
    },
    /** From now on the newest tail says nothing. */
    hold() {
      if (newest !== undefined) newest.held = []
    },
    release() {
      const batch = newest?.held ?? []
      if (newest !== undefined) newest.held = undefined
      newest?.sink.entries(batch)
    },
    async beginNewLife(name: string) {
      epoch = name
      newest?.sink.reset(withEpoch(await inner.state()))
    },
  }
}

describe('the hub and its log', () => {
  it('a reader that knows more than this hub waits for it, and sees nothing twice', async () => {
    const control = controlledBroker()
    hub = await startHub({ broker: control.broker })
    await hub.publish('a', 1)
    control.hold()
    const ahead = await hub.publish('a', 2)
    const reader = await hub.read('topic=a', { 'last-event-id': ahead })
    expect((await hub.hub.checkReady()).reasons).toEqual(['tail-stale'])
    expect(reader.all).toEqual([])
    control.release()
    await hub.publish('a', 3)
    await reader.live()
    expect((await reader.count(1)).data).toEqual(['3'])
  })

  it('a tail that died silently is found and replaced; readers miss nothing', async () => {
    const control = controlledBroker()
    hub = await startHub({ broker: control.broker, logCheckMs: 20 })
    const reader = await (await hub.read('topic=a')).live()
    control.hold()
    await hub.publish('a', 1)
    await hub.publish('a', 2)
    await eventually(() => control.tails === 2)
    await hub.publish('a', 3)
    expect((await reader.count(3)).data).toEqual(['1', '2', '3'])
    expect(await hub.hub.checkReady()).toEqual({ ready: true, reasons: [] })
  })

  it('a log that begins a new life is said to readers, who go on', async () => {
    const control = controlledBroker()
    hub = await startHub({ broker: control.broker })
    const reader = await (await hub.read('topic=a')).live()
    const before = await hub.publish('a', 1)
    await reader.count(1)
    await control.beginNewLife('second')
    await reader.until((one) => one.gaps.length === 1)
    expect(reader.gaps[0]).toMatchObject({ from: before, reason: 'epoch' })
    await hub.publish('a', 2)
    await reader.until((one) => one.data.at(-1) === '2')
    expect(reader.lastId).toBe(encodePosition('second', (await control.broker.state()).last))
  })
})
