import { afterEach, describe, expect, it } from 'vitest'
import { CuttingProxy } from './cutting-proxy.ts'
import { ledgerHandler } from './ledger-reader.ts'
import { Ledger, sumLedgers } from './ledger.ts'
import { numberedData, numberOf } from './numbered.ts'
import { PlainHub, type PlainHubFaults } from './plain-hub.ts'
import { Publisher, type PublishForm } from './publisher.ts'
import { seededRandom, wholeBetween } from './random.ts'
import { CurlReader } from './reader-curl.ts'
import { EventSourceReader } from './reader-eventsource.ts'
import { RawReader } from './reader-raw.ts'
import { streamUrl, type Reader, type ReaderHandler } from './reader.ts'
import { sleep, waitFor } from './wait-for.ts'

const closers: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function startPlainHub(faults?: PlainHubFaults): Promise<PlainHub> {
  const hub = new PlainHub(faults)
  await hub.listen()
  closers.push(() => hub.close())
  return hub
}

function startPublisher(url: string): Publisher {
  const publisher = new Publisher(url, { topic: 't' })
  closers.push(() => publisher.close())
  return publisher
}

function follow<R extends Reader>(
  start: (handler: ReaderHandler) => R,
  dropCovered = false,
): { ledger: Ledger; reader: R } {
  const ledger = new Ledger()
  const reader = start(ledgerHandler(ledger, { data: numberedData, dropCovered }))
  closers.push(() => reader.close())
  return { ledger, reader }
}

const untilLast = (ledger: Ledger, last: number): Promise<void> =>
  waitFor(() => ledger.last >= last, {
    what: `number ${last} arrives`,
    report: () => `${ledger.last}: ${ledger.problems.join('; ')}`,
  })

describe('a number in data', () => {
  it('is found again, and the text around it has characters of every length', () => {
    expect(numberOf(numberedData(1234))).toBe(1234)
    expect(numberedData(1)).toContain('é€𝄞')
    expect(numberOf('nothing')).toBeNaN()
  })
})

describe('the publisher', () => {
  it.each<PublishForm>(['one', 'array', 'ndjson'])(
    'publishes each number once, in order, as %s',
    async (form) => {
      const hub = await startPlainHub()
      const publisher = startPublisher(hub.url)
      for (let round = 0; round < 5; round++) await publisher.publish(form === 'one' ? 1 : 3, form)
      expect(publisher.offsets.slice(1)).toEqual(publisher.offsets.slice(1).map((_, i) => i + 1))
      expect(publisher.duplicates).toBe(0)
    },
  )

  it('publishes each number once although the connection is cut again and again', async () => {
    const hub = await startPlainHub()
    const random = seededRandom(7)
    const proxy = new CuttingProxy({ targetPort: hub.port, random, maxBytes: 300 })
    await proxy.listen()
    closers.push(() => proxy.close())
    const publisher = startPublisher(proxy.url)
    for (let round = 0; round < 40; round++) await publisher.publish(2)
    expect(publisher.failures).toBeGreaterThan(5)
    expect(publisher.duplicates).toBeGreaterThan(0)
    expect(publisher.offsets).toEqual(Array.from({ length: 81 }, (_, n) => n))
  })
})

describe('a reader', () => {
  const readers: [string, (url: string) => (handler: ReaderHandler) => Reader][] = [
    ['raw', (url) => (handler) => new RawReader({ url }, handler)],
    ['eventsource', (url) => (handler) => new EventSourceReader(url, handler)],
    ['curl', (url) => (handler) => new CurlReader(url, handler)],
  ]

  it.each(readers)(
    'made of %s resumes after a cut, without a gap or a duplicate',
    async (_, at) => {
      const hub = await startPlainHub()
      const publisher = startPublisher(hub.url)
      const { ledger, reader } = follow(at(streamUrl(hub.url, 't')))
      await publisher.publish(10)
      await untilLast(ledger, 10)
      hub.cutAll()
      await publisher.publish(10)
      await untilLast(ledger, 20)
      expect(ledger.problems).toEqual([])
      expect(reader.connects).toBe(2)
    },
  )

  it('that is paused gets what it did not read once it reads again', async () => {
    const hub = await startPlainHub()
    const publisher = startPublisher(hub.url)
    const { ledger, reader } = follow(
      (handler) => new RawReader({ url: streamUrl(hub.url, 't') }, handler),
    )
    await waitFor(() => reader.connects === 1, { what: 'the stream is open' })
    reader.pause()
    await publisher.publish(100)
    await sleep(100)
    expect(ledger.last).toBeLessThan(100)
    reader.resume()
    await untilLast(ledger, 100)
    expect(ledger.problems).toEqual([])
  })
})

describe('the ledger', () => {
  it('sees an event that a resume left out', async () => {
    const hub = await startPlainHub({ losesOneOnResume: true })
    const publisher = startPublisher(hub.url)
    const { ledger } = follow((handler) => new RawReader({ url: streamUrl(hub.url, 't') }, handler))
    await publisher.publish(5)
    await untilLast(ledger, 5)
    hub.cutAll()
    await publisher.publish(5)
    await untilLast(ledger, 10)
    expect(ledger.missing(10)).toBe(1)
    expect(ledger.problems).toEqual(['6 to 6 never came, without a word'])
  })

  it.each([
    [false, 0, ['5 came after 5']],
    [true, 1, []],
  ])('sees a repeated event, or that it was dropped (%s)', async (drop, dropped, problems) => {
    const hub = await startPlainHub({ repeatsOneOnResume: true })
    const publisher = startPublisher(hub.url)
    const { ledger } = follow(
      (handler) => new RawReader({ url: streamUrl(hub.url, 't') }, handler),
      drop,
    )
    await publisher.publish(5)
    await untilLast(ledger, 5)
    hub.cutAll()
    await publisher.publish(1)
    await untilLast(ledger, 6)
    expect(ledger.duplicatesDropped).toBe(dropped)
    expect(ledger.problems).toEqual(problems)
  })

  it('counts what a gap admits, and sees a gap that admits too little', () => {
    const gap = { from: '1.e.1-1', to: '1.e.1-3', reason: 'expired' }
    const ledger = new Ledger()
    ledger.take(1)
    ledger.takeGap(JSON.stringify(gap))
    ledger.take(4)
    expect(sumLedgers([ledger], 4)).toMatchObject({ admitted: 2, missing: 0, problems: 0 })
    ledger.checkGaps([0, 1, 2, 3, 4])
    expect(ledger.problems).toEqual([])
    ledger.checkGaps([0, 1, 2, 9, 10])
    expect(ledger.problems).toHaveLength(1)
  })

  it('sees changed data', () => {
    const ledger = new Ledger()
    ledger.take(1, 'a', 'b')
    expect(ledger.problems).toEqual(['the data of 1 was changed to a'])
  })
})

describe('readers behind the cutting proxy', () => {
  it('get everything once, whatever way they are cut', async () => {
    const hub = await startPlainHub()
    const random = seededRandom(42)
    const proxy = new CuttingProxy({ targetPort: hub.port, random, maxBytes: 2_000 })
    await proxy.listen()
    closers.push(() => proxy.close())
    const url = streamUrl(proxy.url, 't')
    const all = Array.from({ length: 10 }, () =>
      follow((handler) => new RawReader({ url, random, retryMs: 20 }, handler)),
    )
    const publisher = startPublisher(hub.url)
    while (publisher.acknowledged < 500) await publisher.publish(wholeBetween(random, 1, 9))
    const total = publisher.acknowledged
    await waitFor(() => Object.values(proxy.cuts).every((count) => count > 0), {
      what: 'connections were cut in every way',
      report: () => JSON.stringify(proxy.cuts),
    })
    proxy.heal()
    for (const { ledger } of all) await untilLast(ledger, total)
    const ledgers = all.map(({ ledger }) => ledger)
    expect(ledgers.flatMap(({ problems }) => problems)).toEqual([])
    expect(sumLedgers(ledgers, total)).toMatchObject({ events: total * 10, missing: 0, gaps: 0 })
  })
})
