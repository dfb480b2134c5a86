import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { decodeCursor, encodePosition } from '@heartline/wire'
import { httpCall, postJson } from '../kit/http-call.ts'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { Ledger } from '../kit/ledger.ts'
import { ledgerHandler } from '../kit/ledger-reader.ts'
import { bulkData, numberOf } from '../kit/numbered.ts'
import { Probe } from '../kit/probe.ts'
import { expectProblem } from '../kit/problem.ts'
import { Publisher } from '../kit/publisher.ts'
import { openRawSocket } from '../kit/raw-socket.ts'
import { RawReader } from '../kit/reader-raw.ts'
import type { ReceivedEvent } from '../kit/reader.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const KEPT = 50

let hub: HubProcess
let probe: Probe

beforeAll(async () => {
  hub = await startHub({ flags: ['--retention-max-entries', String(KEPT)] })
  probe = await Probe.open(hub)
})

afterAll(async () => {
  await hub.stop()
  await probe.close()
})

afterEach(async () => {
  await probe.storedSince()
  expect(probe.connects, 'streams of a bystander').toBe(1)
})

async function publish(topic: string, data: unknown): Promise<string> {
  const answer = await postJson(`${hub.url}/v1/events`, { topic, data })
  expect(answer.status).toBe(201)
  return (JSON.parse(answer.text) as { id: string }).id
}

function follow(
  query: string,
  headers: Record<string, string> = {},
): { seen: ReceivedEvent[]; reader: RawReader } {
  const seen: ReceivedEvent[] = []
  const reader = new RawReader(
    { url: `${hub.url}/v1/events?${query}`, headers },
    { onEvent: (event) => seen.push(event) },
  )
  return { seen, reader }
}

describe('a stream is refused with a problem document when', () => {
  const manyTopics = Array.from({ length: 101 }, (_, n) => `topic=t${n}`).join('&')

  it.each([
    ['no topic is asked for', '', 400, 'HL_SELECTOR_MISSING'],
    ['a selector has a star inside a level', 'topic=a*b', 400, 'HL_SELECTOR_INVALID'],
    ['a selector has ** before its end', 'topic=**/a', 400, 'HL_SELECTOR_INVALID'],
    ['a selector is empty', 'topic=', 400, 'HL_SELECTOR_INVALID'],
    ['a selector has a control character', 'topic=a%0Ab', 400, 'HL_SELECTOR_INVALID'],
    ['a selector is too long', `topic=${'a'.repeat(257)}`, 400, 'HL_SELECTOR_INVALID'],
    ['there are 101 selectors', manyTopics, 400, 'HL_SELECTOR_TOO_MANY'],
    ['since is no cursor', 'topic=a&since=yesterday', 400, 'HL_CURSOR_INVALID'],
    ['lastEventId is no cursor', 'topic=a&lastEventId=7', 400, 'HL_CURSOR_INVALID'],
  ])('%s', async (_, query, status, code) => {
    expectProblem(await httpCall(`${hub.url}/v1/events?${query}`), status, code)
  })

  it.each([
    ['a number', '42'],
    ['a text', 'the last one'],
    ['a cursor with an upper case letter', '1.ABC.mhx2c1q8-1z4'],
    ['a cursor with a leading zero', '1.abc.0mhx2c1q8-1z4'],
    ['a cursor of another version', '2.abc.mhx2c1q8-1z4'],
    ['a cursor beyond every number', '1.abc.zzzzzzzzzzzzz-zzzzzzzzzzzzz'],
    ['1,000 characters', 'a'.repeat(1_000)],
  ])('Last-Event-ID is %s', async (_, id) => {
    const headers = { 'last-event-id': id }
    const answer = await httpCall(`${hub.url}/v1/events?topic=a`, { headers })
    expectProblem(answer, 400, 'HL_CURSOR_INVALID')
  })

  it('the client takes no event stream', async () => {
    const headers = { accept: 'application/json' }
    const answer = await httpCall(`${hub.url}/v1/events?topic=a`, { headers })
    expectProblem(answer, 406, 'HL_NOT_ACCEPTABLE')
  })
})

describe('a cursor that cannot be continued is answered with one gap, then the stream goes on', () => {
  /** Opens with the cursor, publishes, and answers what came until that event. */
  async function resume(topic: string, id: string): Promise<ReceivedEvent[]> {
    const { seen, reader } = follow(`topic=${topic}`, { 'last-event-id': id })
    await waitFor(() => reader.connects === 1, {
      what: 'the stream is open',
      report: () => reader.refusals.join(),
    })
    const data = `after ${id}`
    await publish(topic, data)
    await waitFor(() => seen.at(-1)?.data === data, { what: 'the stream goes on' })
    await reader.close()
    return seen
  }

  function expectGap(seen: readonly ReceivedEvent[], reason: string, from: string): void {
    const gaps = seen.filter(({ type }) => type === 'heartline.gap')
    expect(gaps).toHaveLength(1)
    const { data, id } = gaps[0] as ReceivedEvent
    const gap = JSON.parse(data) as Record<string, unknown>
    expect(gap).toEqual({ from, to: id, reason })
    // The gap comes before what the reader is given after it.
    expect(seen.findIndex(({ type }) => type === 'message')).toBeGreaterThan(
      seen.indexOf(gaps[0] as ReceivedEvent),
    )
  }

  it('because it is from another life of the log', async () => {
    const id = encodePosition('otherlife', { ms: Date.now() - 1000, offset: 5 })
    expectGap(await resume('gap/epoch', id), 'epoch', id)
  })

  it('because it is from the future', async () => {
    const { epoch, positions } = decodeCursor(await publish('gap/future', 'now'))
    const { ms, offset } = positions.get('') ?? { ms: 0, offset: 0 }
    const id = encodePosition(epoch, { ms: ms + 60_000, offset: offset + 1_000 })
    expectGap(await resume('gap/future', id), 'diverged', id)
  })

  it('because its anchor is not the one of the log', async () => {
    const { epoch, positions } = decodeCursor(await publish('gap/anchor', 'now'))
    const { ms, offset } = positions.get('') ?? { ms: 0, offset: 0 }
    const id = encodePosition(epoch, { ms: ms - 1, offset })
    expectGap(await resume('gap/anchor', id), 'diverged', id)
  })

  it('because what follows it was trimmed, and then comes what is retained', async () => {
    const id = await publish('gap/trimmed', 'first')
    const publisher = new Publisher(hub.url, { topic: 'gap/trimmed' })
    await publisher.publish(KEPT * 3)
    publisher.close()
    const seen = await resume('gap/trimmed', id)
    expectGap(seen, 'expired', id)
    const messages = seen.filter(({ type }) => type === 'message')
    expect(messages.length).toBeGreaterThanOrEqual(KEPT - 1)
    expect(messages.length).toBeLessThanOrEqual(KEPT + 1)
    const numbers = messages.slice(0, -1).map(({ data }) => (JSON.parse(data) as { n: number }).n)
    expect(numbers.at(-1)).toBe(KEPT * 3)
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as number) + index))
  })
})

describe('a reader that misbehaves disturbs nobody', () => {
  it('when it never reads', async () => {
    const client = await openRawSocket(hub.port)
    client.socket.pause()
    client.send('GET /v1/events?topic=flood HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const bystander = follow('topic=flood')
    await waitFor(() => bystander.reader.connects === 1, { what: 'the other reader is there' })
    const publisher = new Publisher(hub.url, { topic: 'flood', data: (n) => bulkData(n, 16_384) })
    while (publisher.acknowledged < 1_500) await publisher.publish(30)
    const last = (): number =>
      numberOf(bystander.seen.findLast(({ type }) => type === 'message')?.data ?? '')
    await waitFor(() => last() === 1_500, {
      what: 'the other reader has the last event',
      report: () => String(last()),
    })
    const ledger = new Ledger()
    const handler = ledgerHandler(ledger, { dropCovered: false })
    for (const event of bystander.seen) handler.onEvent(event)
    ledger.checkGaps(publisher.offsets)
    expect([ledger.problems, ledger.missing(1_500)]).toEqual([[], 0])
    // `res.write` takes 16 KiB at a time: it falls behind the little that is retained, and is told.
    if (process.env['TEST_SEAM'] !== 'response') expect(ledger.events).toBe(1_500)
    publisher.close()
    client.close()
    await bystander.reader.close()
  })

  it('when it sends bytes after its request', async () => {
    const client = await openRawSocket(hub.port)
    client.send('GET /v1/events?topic=noise HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await waitFor(() => client.received.includes('retry:'), { what: 'the stream is open' })
    client.send('\u0000\u0001 this is not HTTP\r\n\r\n')
    client.send('x'.repeat(100_000))
    await publish('noise', 'on')
    await sleep(200)
    // Either the stream goes on, or it is cut; a second answer inside it would be read as events.
    expect(client.received.match(/HTTP\/1\.1/g)).toHaveLength(1)
    client.close()
  })

  it('when it sends a second request behind its stream', async () => {
    const client = await openRawSocket(hub.port)
    const request = 'GET /v1/events?topic=twice HTTP/1.1\r\nHost: localhost\r\n\r\n'
    client.send(request + request)
    await waitFor(() => client.received.includes('retry:') || client.isClosed, {
      what: 'the stream is open or cut',
    })
    await publish('twice', 'on')
    await sleep(200)
    expect(client.received.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(1)
    client.close()
  })

  it('when it leaves in the middle of its request', async () => {
    const client = await openRawSocket(hub.port)
    client.send('GET /v1/events?topic=half HTTP/1.1\r\nHo')
    await sleep(50)
    client.socket.resetAndDestroy()
  })
})
