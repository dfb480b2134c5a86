import { createMemoryBroker } from '@heartline/broker'
import { afterEach, describe, expect, it } from 'vitest'
import { createHub } from '../src/index.ts'
import { startHub, type HubFixture } from './fixture.ts'

let hub: HubFixture
afterEach(() => hub?.close())

const authorize = (request: { headers: NodeJS.Dict<string | string[]> }) => {
  const rights = String(request.headers['x-rights'] ?? '')
  return {
    rights: rights === '' ? [] : rights.split(','),
    anonymous: request.headers['x-anonymous'] === '1',
  }
}

describe('private events', () => {
  it('reach only readers whose rights cover one of the topics, live and replayed', async () => {
    hub = await startHub({
      handler: { authorize },
      namespaces: [{ topics: 'vault/**', private: true }],
    })
    const open = (rights: string) =>
      hub.read('topic=**&since=earliest', { 'x-rights': rights, 'x-anonymous': '1' })
    const before = [await open('a/*'), await open('vault/*'), await open('')]
    for (const reader of before) await reader.live()
    await hub.publish('a/1', 'public')
    await hub.publish('a/1', 'private', { private: true })
    await hub.publish('vault/1', 'by namespace')
    await hub.hub.publish([{ topics: ['x', 'a/2'], data: 'either', private: true }])
    await hub.publish('a/1', 'end')
    const after = [await open('a/*'), await open('vault/*'), await open('')]
    for (const [own, other, none] of [before, after]) {
      expect((await own!.count(4)).data).toEqual(['public', 'private', 'either', 'end'])
      expect((await other!.count(3)).data).toEqual(['public', 'by namespace', 'end'])
      expect((await none!.count(2)).data).toEqual(['public', 'end'])
    }
  })

  it('a selector beyond the rights is refused', async () => {
    hub = await startHub({ handler: { authorize } })
    const refused = await (await hub.read('topic=b', { 'x-rights': 'a/*' })).over()
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.body)).toMatchObject({ code: 'HL_SELECTOR_FORBIDDEN' })
    expect((await hub.read('topic=a/*', { 'x-rights': 'a/**' })).status).toBe(200)
    await expect(hub.hub.history({ selectors: ['b'], rights: ['a/*'] })).rejects.toMatchObject({
      code: 'HL_SELECTOR_FORBIDDEN',
    })
  })
})

describe('a publisher', () => {
  it('with rights may publish only to what they cover, all or nothing', async () => {
    hub = await startHub()
    const events = [
      { topic: 'a/1', data: 1 },
      { topics: ['a/2', 'b'], data: 2 },
    ]
    await expect(hub.hub.publish(events, ['a/*'])).rejects.toMatchObject({
      code: 'HL_PUBLISH_FORBIDDEN',
      details: { index: 1, topic: 'b' },
    })
    expect((await hub.hub.history({ selectors: ['**'] })).events).toEqual([])
    expect(await hub.hub.publish(events.slice(0, 1), ['a/*'])).toHaveLength(1)
  })

  it('publishing the same id twice stores it once and answers the first cursor', async () => {
    hub = await startHub()
    const reader = await (await hub.read('topic=a')).live()
    const [first] = await hub.hub.publish([{ topic: 'a', data: 1, publishId: 'p-1' }])
    const [again] = await hub.hub.publish([{ topic: 'a', data: 'other', publishId: 'p-1' }])
    expect(again).toEqual({ id: first!.id, duplicate: true })
    await hub.publish('a', 2)
    expect((await reader.count(2)).data).toEqual(['1', '2'])
    expect(hub.hub.stats()).toMatchObject({ published: 2, duplicates: 1 })
  })
})

describe('latest-value topics', () => {
  const namespaces = [{ topics: 'price/*', history: 'latest' as const }]

  it('give a new reader the newest event of each key, then live ones', async () => {
    hub = await startHub({ namespaces })
    await hub.publish('price/a', 'a1')
    await hub.publish('price/b', 'b1', { key: 'k1' })
    await hub.publish('price/b', 'b2', { key: 'k2' })
    await hub.publish('price/a', 'a2')
    await hub.publish('price/b', 'b3', { key: 'k1' })
    await hub.publish('other', 'o')
    const reader = await (await hub.read('topic=price/*&topic=other')).live()
    expect(reader.data).toEqual(['b2', 'a2', 'b3'])
    await hub.publish('price/a', 'a3')
    expect((await reader.count(4)).data.at(-1)).toBe('a3')
    expect(reader.events.slice(0, 3).map((event) => event.lastEventId)).toEqual(['', '', ''])
  })

  it('give a returning reader only what is newest of what it missed, and all of other topics', async () => {
    hub = await startHub({ namespaces })
    const start = await hub.publish('other', 'o0')
    for (const n of [1, 2, 3]) {
      await hub.publish('price/a', `a${n}`)
      await hub.publish('other', `o${n}`)
    }
    const reader = await (await hub.read('topic=**', { 'last-event-id': start })).live()
    expect(reader.data).toEqual(['o1', 'o2', 'a3', 'o3'])
    expect(reader.gaps).toEqual([])
  })

  it('are known again from the retained log when a hub starts', async () => {
    const broker = createMemoryBroker()
    const first = await createHub({ broker, namespaces })
    for (let n = 0; n < 1_200; n++)
      await first.publish([{ topic: 'price/a', data: n, key: `k${n % 2}` }])
    await first.close()
    hub = await startHub({ broker, namespaces })
    const reader = await (await hub.read('topic=price/a')).live()
    expect(reader.data).toEqual(['1198', '1199'])
  })
})

describe('a namespace', () => {
  it('without history says a gap instead of replaying', async () => {
    hub = await startHub({ namespaces: [{ topics: 'volatile/*', history: 'none' }] })
    const start = await hub.publish('a', 0)
    await hub.publish('volatile/x', 1)
    await hub.publish('a', 2)
    await hub.publish('volatile/x', 3)
    const reader = await (await hub.read('topic=**', { 'last-event-id': start })).live()
    expect(reader.data).toEqual(['2'])
    expect(reader.gaps.map((gap) => gap.reason)).toEqual(['expired', 'expired'])
    expect(reader.all.map((event) => event.type)).toEqual([
      'heartline.gap',
      'message',
      'heartline.gap',
      'heartline.cursor',
    ])
    await hub.publish('volatile/x', 4)
    expect((await reader.count(2)).data).toEqual(['2', '4'])
  })

  it('replays no event older than its limit', async () => {
    let now = Date.now() - 60_000
    const broker = createMemoryBroker({ now: () => now })
    hub = await startHub({ broker, namespaces: [{ topics: '**', historyMaxAgeMs: 30_000 }] })
    const start = await hub.publish('a', 0)
    await hub.publish('a', 1)
    now = Date.now()
    await hub.publish('a', 2)
    const reader = await (await hub.read('topic=a', { 'last-event-id': start })).live()
    expect(reader.data).toEqual(['2'])
    expect(reader.gaps).toHaveLength(1)
  })

  it('may switch presence off', async () => {
    hub = await startHub({ namespaces: [{ topics: 'quiet/*', presence: false }] })
    expect(() => hub.hub.presence('quiet/x')).toThrow(
      expect.objectContaining({ code: 'HL_PRESENCE_DISABLED' }),
    )
  })

  it.each([
    { namespaces: [{ topics: 'a', history: 'some' as never }] },
    { namespaces: [{ topics: 'a', slowPolicy: 'wait' as never }] },
    { namespaces: [{ topics: 'a', heartbeatMs: 10 }] },
    { heartbeatMs: 500 },
    { flushSlice: 0 },
    { maxEventBytes: 1.5 },
  ])('and a hub refuse options that are not valid: %j', async (options) => {
    await expect(createHub({ broker: createMemoryBroker(), ...options })).rejects.toMatchObject({
      code: 'HL_OPTION_INVALID',
    })
  })
})
