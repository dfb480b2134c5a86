import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Entry } from '@heartline/broker'
import { Cohort } from '../src/cohort.ts'
import { createHub, type Hub, type HubOptions } from '../src/index.ts'
import { LatestValues } from '../src/latest-values.ts'
import { NamespaceTable } from '../src/namespace.ts'
import { resolveHubOptions } from '../src/options.ts'
import { eventually } from './fixture.ts'
import { GateBroker, gate, turn } from './gate-broker.ts'
import { attachPipe } from './pipe.ts'

let hub: Hub
afterEach(async () => hub?.close())

const namespaces = [{ topics: 'price/*', history: 'latest' as const }]

async function start(
  options: Partial<HubOptions> = {},
  broker: GateBroker = new GateBroker(),
): Promise<GateBroker> {
  hub = await createHub({ namespaces, ...options, broker })
  return broker
}

async function open(request: Parameters<Hub['admit']>[0]): Promise<readonly string[]> {
  const { pipe } = attachPipe(hub, request)
  await eventually(() => pipe.isLive)
  return pipe.data
}

describe('the value of a latest-value topic', () => {
  it('is not given to a new reader of another topic of the same event', async () => {
    await start()
    await hub.publish([{ topics: ['price/a', 'news'], data: 'both' }])
    expect(await open({ selectors: ['news'] })).toEqual([])
    expect(await open({ selectors: ['price/a'] })).toEqual(['both'])
    expect(await open({ selectors: ['**'] })).toEqual(['both'])
  })

  it('that is private does not hide the public one before it', async () => {
    await start()
    const [cursor] = await hub.publish([{ topic: 'news', data: 'x' }])
    await hub.publish([{ topic: 'price/a', data: 'public' }])
    await hub.publish([{ topic: 'price/a', data: 'private', private: true }])
    const selectors = ['price/*']
    const open1 = (rights: string[], lastEventId?: string) =>
      open({ selectors, rights, anonymous: true, lastEventId })
    expect(await open1([])).toEqual(['public'])
    expect(await open1([], cursor?.id)).toEqual(['public'])
    expect(await open1(['price/a'])).toEqual(['private'])
    expect(await open1(['price/a'], cursor?.id)).toEqual(['private'])
    await hub.publish([{ topic: 'price/a', data: 'newer' }])
    expect(await open1(['price/a'])).toEqual(['newer'])
  })

  it('is the newest also when older ones come later, from the retained log', () => {
    const options = resolveHubOptions({ broker: new GateBroker(), namespaces })
    const latest = new LatestValues(new NamespaceTable(options), 10)
    const entry = (offset: number, isPrivate: boolean): Entry => ({
      topics: ['price/a'],
      data: '',
      private: isPrivate,
      position: { ms: offset, offset },
    })
    const reader = new Cohort('', { selectors: ['price/a'], privateRights: undefined })
    const newest = () => latest.snapshot(reader).map(({ position }) => position.offset)
    latest.add(entry(5, false))
    latest.add(entry(3, true))
    latest.add(entry(4, false))
    expect(newest()).toEqual([5])
    latest.add(entry(7, true))
    latest.add(entry(6, true))
    latest.add(entry(6, false))
    expect(newest()).toEqual([7])
    latest.clear()
    expect(newest()).toEqual([])
  })

  it('is found without a look at the other topics', () => {
    const options = resolveHubOptions({ broker: new GateBroker(), namespaces })
    const latest = new LatestValues(new NamespaceTable(options), 2_000)
    for (let offset = 1; offset <= 1_000; offset++) {
      latest.add({ topics: [`price/${offset}`], data: '', position: { ms: offset, offset } })
    }
    const walks = vi.spyOn(Map.prototype, 'keys')
    const looksOf = (...selectors: string[]): [found: number, looks: number, walks: number] => {
      const reader = new Cohort('', { selectors, privateRights: undefined })
      const looks = vi.spyOn(reader, 'wantsOn')
      walks.mockClear()
      return [latest.snapshot(reader).length, looks.mock.calls.length, walks.mock.calls.length]
    }
    try {
      expect(looksOf('price/77', 'price/none')).toEqual([1, 1, 0])
      // Only a pattern walks through the topics.
      expect(looksOf('price/*')).toEqual([1_000, 1_000, 1])
    } finally {
      walks.mockRestore()
    }
  })

  it('of the key that was unchanged for longest is forgotten beyond maxLatestKeys', async () => {
    await start({ maxLatestKeys: 2 })
    const [first] = await hub.publish([{ topic: 'price/a', data: 'a' }])
    await hub.publish([{ topic: 'price/b', data: 'b' }])
    await hub.publish([{ topic: 'price/a', data: 'a2' }])
    await hub.publish([{ topic: 'price/c', data: 'c' }])
    expect(await open({ selectors: ['price/*'] })).toEqual(['a2', 'c'])
    // What is forgotten here is in the log still.
    expect(await open({ selectors: ['price/*'], lastEventId: first?.id })).toEqual(['b', 'a2', 'c'])
  })

  it('is known though retention trims the log while a hub starts', async () => {
    const broker = new GateBroker({ maxEntries: 1_000 })
    const append = async (count: number) => {
      for (let n = 0; n < count; n++) {
        await broker.inner.append([{ topics: ['price/a'], data: String(n) }])
      }
    }
    await append(900)
    broker.beforeRead = async () => {
      broker.beforeRead = async () => {}
      await append(1_500)
    }
    await start({}, broker)
    expect(await open({ selectors: ['price/a'] })).toEqual(['1499'])
  })

  it('of an earlier life of the log is not mixed into the next', async () => {
    const broker = new GateBroker()
    await start({}, broker)
    for (let n = 0; n < 5; n++) await hub.publish([{ topic: 'price/old', data: n }])
    const second = new GateBroker()
    await second.append([{ topics: ['price/new'], data: 'new' }])
    const first = gate()
    // The first reset reads slowly, the second finds another log.
    broker.beforeRead = () => first.opened
    const state = await broker.inner.state()
    broker.sink?.reset({ ...state, epoch: 'second' })
    await turn()
    broker.beforeRead = async () => {}
    const { inner } = broker
    inner.state = () => second.inner.state()
    inner.read = ((read) => (request) => {
      const isOld = request.until === state.last.offset
      return isOld ? read(request) : second.inner.read(request)
    })(inner.read.bind(inner))
    broker.sink?.reset(await second.inner.state())
    const early = attachPipe(hub, { selectors: ['price/*'] }).pipe
    first.open()
    await eventually(() => early.isLive)
    for (let n = 0; n < 5; n++) await turn()
    expect(early.data).toEqual(['new'])
    expect(await open({ selectors: ['price/*'] })).toEqual(['new'])
  })
})
