import { encodePosition } from '@heartline/wire'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/index.ts'
import type { Item } from '../../src/tabs/item.ts'
import type { ToLeader } from '../../src/tabs/message.ts'
import { Ring } from '../../src/tabs/ring.ts'
import { isWanted } from '../../src/tabs/selector.ts'
import { SharedStream } from '../../src/tabs/shared-stream.ts'
import { until } from '../kit/until.ts'

const at = (n: number): string => encodePosition('e', { ms: n, offset: n })
const item = (n: number, topic = 'a'): Item => ({
  type: 'message',
  data: String(n),
  id: at(n),
  topics: [topic],
})

/** A tab that reads for itself, up to the place that the test gives it. */
async function readAlone(topics: readonly string[] = []): Promise<{
  stream: SharedStream
  posted: ToLeader[]
  tell(text: string): void
  text(): string
  failed(): unknown
}> {
  const posted: ToLeader[] = []
  let own: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (own = controller) })
  const headers = { 'heartline-session': 's', 'content-type': 'text/event-stream' }
  const stream = new SharedStream({
    member: 'me',
    topics,
    place: '',
    isProven: false,
    isAlone: false,
    clock: systemClock,
    maxEventLength: undefined,
    station: { ready: Promise.resolve(), post: (message) => posted.push(message), close() {} },
    ownRequest: async () => new Response(body, { headers }),
    onState() {},
    onRefused() {},
    onProven() {},
    onEnd() {},
  })
  const opening = stream.open()
  stream.receive({ kind: 'behind', to: 'me', leader: 'other' })
  const response = await opening
  let text = ''
  let failure: unknown
  void (async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk)
    }
  })().catch((thrown: unknown) => (failure = thrown))
  await until(() => posted.some(({ kind }) => kind === 'want'))
  const tell = (words: string): void => own?.enqueue(new TextEncoder().encode(words))
  return { stream, posted, tell, text: () => text, failed: () => failure }
}

const dataOf = (text: string): string[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map(([, d = '']) => d)

test('the seam: what the shared connection brought meanwhile follows, each event once', async () => {
  const tab = await readAlone()
  tab.stream.receive({
    kind: 'from',
    to: 'me',
    leader: 'l',
    seq: 5,
    place: at(2),
    state: undefined,
  })
  tab.stream.receive({ kind: 'items', leader: 'l', seq: 6, items: [item(3), item(4)] })
  tab.tell(`id: ${at(1)}\ndata: 1\n\n`)
  await until(() => tab.text().includes('data: 1'))
  // Not yet where the others are: 2 is not there.
  tab.stream.receive({ kind: 'items', leader: 'l', seq: 7, items: [item(5)] })
  expect(dataOf(tab.text())).toEqual(['1'])
  tab.tell(`id: ${at(2)}\ndata: 2\n\nid: ${at(3)}\ndata: 3\n\n`)
  await until(() => tab.text().includes('data: 5'))
  tab.stream.receive({ kind: 'items', leader: 'l', seq: 8, items: [item(6)] })
  await until(() => tab.text().includes('data: 6'))
  expect(dataOf(tab.text())).toEqual(['1', '2', '3', '4', '5', '6'])
  tab.stream.close()
})

test('a message between tabs that is lost breaks the stream: its client comes back', async () => {
  const tab = await readAlone()
  tab.tell(`id: ${at(1)}\ndata: 1\n\n`)
  await until(() => tab.text().includes('data: 1'))
  tab.stream.receive({
    kind: 'from',
    to: 'me',
    leader: 'l',
    seq: 5,
    place: at(1),
    state: undefined,
  })
  tab.stream.receive({ kind: 'items', leader: 'l', seq: 7, items: [item(3)] })
  await until(() => tab.failed() !== undefined)
  expect(dataOf(tab.text())).toEqual(['1'])
})

test('a tab that is ahead of the shared connection is not moved back by what that is told', async () => {
  const tab = await readAlone()
  tab.tell(`id: ${at(4)}\ndata: 4\n\n`)
  await until(() => tab.text().includes('data: 4'))
  const { stream } = tab
  stream.receive({ kind: 'from', to: 'me', leader: 'l', seq: 0, place: at(2), state: undefined })
  const cursor: Item = { type: 'heartline.cursor', data: '{}', id: at(2) }
  stream.receive({ kind: 'items', leader: 'l', seq: 1, items: [cursor, item(3), item(4)] })
  stream.receive({ kind: 'items', leader: 'l', seq: 2, items: [item(5), { ...cursor, id: at(5) }] })
  await until(() => tab.text().includes(`heartline.cursor\n`))
  // The client drops what its place covers; a place of a hub it follows, also backwards.
  expect(
    [...tab.text().matchAll(/^id: (.*)\nevent: heartline.cursor$/gm)].map(([, id]) => id),
  ).toEqual([at(5)])
  stream.close()
})

test('what is for others moves the place, and is not handed over', async () => {
  const tab = await readAlone(['a'])
  tab.tell(`id: ${at(1)}\ndata: 1\n\n`)
  await until(() => tab.text().includes('data: 1'))
  tab.stream.receive({
    kind: 'from',
    to: 'me',
    leader: 'l',
    seq: 0,
    place: at(1),
    state: undefined,
  })
  tab.stream.receive({ kind: 'items', leader: 'l', seq: 1, items: [item(2), item(3, 'b')] })
  await until(() => tab.text().includes(`id: ${at(3)}`))
  expect(dataOf(tab.text())).toEqual(['1', '2'])
  tab.stream.close()
})

test('the ring answers only what it knows all of', () => {
  const ring = new Ring()
  expect(ring.after('')).toEqual([])
  ring.restart(at(10))
  for (let n = 11; n <= 1500; n++) ring.add(item(n))
  expect(ring.after('')).toBeUndefined()
  expect(ring.after(at(499))).toBeUndefined()
  expect(ring.after(at(500))?.map(({ id }) => id)[0]).toBe(at(501))
  expect(ring.after(at(1499))?.map(({ id }) => id)).toEqual([at(1500)])
  expect(ring.after(at(1600))).toEqual([])
})

test.each([
  ['a', 'a', true],
  ['a', 'a/b', false],
  ['a/*', 'a/b', true],
  ['a/*', 'a/b/c', false],
  ['a/*', 'a', false],
  ['a/**', 'a/b/c', true],
  ['a/**', 'a', false],
  ['**', 'a/b', true],
  ['*/b', 'a/b', true],
])('the selector %s of a tab, topic %s: %s', (selector, topic, wanted) => {
  expect(isWanted(item(1, topic), [selector])).toBe(wanted)
})
