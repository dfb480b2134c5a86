import { encodePosition } from '@heartline/wire'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/index.ts'
import { Leader } from '../../src/tabs/leader.ts'
import type { ToLeader, ToMember } from '../../src/tabs/message.ts'
import { settle, until } from '../kit/until.ts'

const at = (n: number): string => encodePosition('e', { ms: n, offset: n })
const block = (n: number, type = 'message'): string =>
  `event: ${type}\nid: ${at(n)}\ndata: {"n":${n}}\n\n`

interface Led {
  /** What the tabs are told. */
  readonly sent: ToMember[]
  /** Requests for the stream. */
  readonly asked: { readonly url: string; readonly place: string | null }[]
  receive(message: ToLeader): void
  /** Comes on the newest connection. */
  tell(text: string): void
  untilSent(kind: ToMember['kind'], to?: string): Promise<ToMember>
}

/**
 * The tab with the connection, to a server that can say which topics an event is on, or cannot, and
 * takes so many of them.
 */
function lead({ tells = true, most = 100 }: { tells?: boolean; most?: number } = {}): Led {
  const sent: ToMember[] = []
  const asked: { url: string; place: string | null }[] = []
  let stream: ReadableStreamDefaultController<Uint8Array> | undefined
  const fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    asked.push({ url: String(url), place: new Headers(init?.headers).get('Last-Event-ID') })
    const topics = new URL(String(url)).searchParams.getAll('topic')
    if (topics.length > most) return new Response(null, { status: 400 })
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (stream = controller),
    })
    const telling = tells ? { 'heartline-tell': 'topics' } : {}
    return new Response(body, { headers: { 'content-type': 'text/event-stream', ...telling } })
  }
  const leader = new Leader({
    id: 'leader',
    setup: { urls: ['http://hub.example/v1/events'] },
    world: { fetch },
    clock: systemClock,
    collectMs: 1,
    send: (message) => void sent.push(message),
    gone: () => new Promise(() => undefined),
  })
  onTestFinished(() => leader.close())
  const find = (kind: string, to?: string): ToMember | undefined =>
    sent.find((message) => message.kind === kind && (to === undefined || isTo(message, to)))
  return {
    sent,
    asked,
    receive: (message) => leader.receive(message),
    tell: (text) => stream?.enqueue(new TextEncoder().encode(text)),
    untilSent: async (kind, to) => {
      await until(() => find(kind, to) !== undefined, `${kind} is said to ${to ?? 'all'}`)
      return find(kind, to) as ToMember
    },
  }
}

const isTo = (message: ToMember, to: string): boolean => 'to' in message && message.to === to

const join = (from: string, place: string, topics: readonly string[] = ['a']): ToLeader => ({
  kind: 'join',
  from,
  topics,
  place,
  isProven: true,
})

const isOpen = ({ sent }: Led): boolean =>
  sent.some((message) => message.kind === 'state' && message.state.name === 'open')

test('the connection begins where the last of the tabs is', async () => {
  const led = lead()
  led.receive(join('one', at(5)))
  led.receive(join('two', at(3)))
  led.receive(join('three', at(4)))
  await until(() => led.asked.length === 1)
  expect(led.asked[0]?.place).toBe(at(3))
})

test('after a hole, a tab that is before it reads for itself', async () => {
  const led = lead()
  led.receive(join('one', at(1)))
  await until(() => isOpen(led))
  led.tell(block(2))
  led.tell(block(9, 'heartline.gap'))
  await until(() => led.sent.filter(({ kind }) => kind === 'items').length === 2)
  led.tell(block(10))
  await until(() => led.sent.filter(({ kind }) => kind === 'items').length === 3)
  led.receive(join('two', at(2)))
  led.receive(join('three', at(9)))
  await led.untilSent('behind', 'two')
  expect(await led.untilSent('serve', 'three')).toMatchObject({ items: [{ id: at(10) }] })
})

test('when a hub leaves events out for a slow connection, each tab goes on by itself', async () => {
  const led = lead()
  led.receive(join('one', at(1)))
  await until(() => isOpen(led))
  const gap = JSON.stringify({ reason: 'slow', from: at(2), to: at(9) })
  led.tell(`${block(2)}event: heartline.gap\nid: ${at(2)}\ndata: ${gap}\n\n${block(7)}`)
  await led.untilSent('down')
  const items = led.sent.flatMap((message) => (message.kind === 'items' ? message.items : []))
  expect(items.map(({ id }) => id)).toEqual([at(2)])
  // 7 without what was left out before it must not be handed to a tab that comes now.
  led.receive(join('two', at(2)))
  await led.untilSent('behind', 'two')
})

test('topics that are too many with those of others are left out again, and not tried twice', async () => {
  const led = lead({ most: 2 })
  const want = (from: string, topics: readonly string[]): void =>
    led.receive({ kind: 'want', from, topics, place: at(1) })
  led.receive(join('one', at(1), ['a', 'b']))
  await until(() => isOpen(led))
  led.tell(block(2))
  await led.untilSent('items')
  want('two', ['c'])
  await led.untilSent('alone', 'two')
  await until(() => led.asked.length === 3)
  expect(led.asked.map(({ url }) => new URL(url).searchParams.getAll('topic').join())).toEqual([
    'a,b',
    'a,b,c',
    'a,b',
  ])
  expect(led.asked.map(({ place }) => place)).toEqual([at(1), at(2), at(2)])
  want('two', ['c'])
  want('three', ['b'])
  expect(await led.untilSent('from', 'three')).toMatchObject({ place: at(2) })
  led.tell(block(3))
  await until(() => led.sent.filter(({ kind }) => kind === 'items').length === 2)
  expect(led.asked.length).toBe(3)
  expect(led.sent.filter((message) => isTo(message, 'two')).map(({ kind }) => kind)).toEqual([
    'alone',
    'alone',
  ])
  expect(led.sent.filter(({ kind }) => kind === 'down')).toEqual([])
  led.receive({ kind: 'leave', from: 'one' })
  want('two', ['c'])
  expect(await led.untilSent('from', 'two')).toMatchObject({ place: at(3) })
  expect(new URL(led.asked[3]?.url ?? '').searchParams.getAll('topic')).toEqual(['b', 'c'])
})

test('what is said to the connection alone is not handed on', async () => {
  const led = lead()
  led.receive(join('one', at(1)))
  await until(() => isOpen(led))
  led.tell(`${block(2)}event: heartline.drain\ndata: {"retryMs":60000}\n\n${block(3)}`)
  const items = await led.untilSent('items')
  expect(items).toMatchObject({ items: [{ id: at(2) }, { id: at(3) }] })
})

test.each([
  ['says which topics an event is on', true, 'serve'],
  ['does not', false, 'behind'],
] as const)('a tab with fewer topics, when the server %s', async (_, tells, kind) => {
  const led = lead({ tells })
  led.receive(join('one', at(1), ['a', 'b']))
  await until(() => isOpen(led))
  led.receive(join('same', at(1), ['b', 'a']))
  led.receive(join('fewer', at(1), ['a']))
  await led.untilSent('serve', 'same')
  await led.untilSent(kind, 'fewer')
})

test('topics of a tab that has left meanwhile are not asked for', async () => {
  const led = lead()
  led.receive(join('one', at(1)))
  await until(() => isOpen(led))
  led.receive({ kind: 'want', from: 'two', topics: ['b'], place: at(1) })
  led.receive({ kind: 'want', from: 'three', topics: ['c'], place: at(1) })
  led.receive({ kind: 'leave', from: 'two' })
  await led.untilSent('from', 'three')
  await until(() => led.asked.length === 2)
  await settle(20)
  const topics = led.asked.map(({ url }) => new URL(url).searchParams.getAll('topic'))
  expect(topics).toEqual([['a'], ['a', 'c']])
  expect(led.sent.some((message) => isTo(message, 'two'))).toBe(false)
})
