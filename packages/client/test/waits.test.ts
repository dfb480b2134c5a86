import { expect, onTestFinished, test } from 'vitest'
import { createClient, type Client, type ClientOptions } from '../src/index.ts'
import { Pause } from '../src/pause.ts'
import { ManualClock } from './kit/manual-clock.ts'
import { openStream, serve } from './kit/raw-server.ts'
import { until } from './kit/until.ts'

function open(options: ClientOptions): Client {
  const client = createClient({ acknowledge: false, ...options })
  onTestFinished(() => client.close())
  return client
}

test('a clock that is set back does not make a wait longer that is cut short', () => {
  const clock = new ManualClock()
  const pause = new Pause(clock)
  pause.attempted()
  void pause.wait(30_000, 2000)
  clock.sleep(-3_600_000)
  pause.hurry()
  expect(clock.waits.at(-1)).toBeLessThanOrEqual(2000)
})

test('a server cannot ask for a longer wait than the ladder allows', async () => {
  const clock = new ManualClock()
  const { url } = await serve((_, response) =>
    response.writeHead(503, { 'retry-after': '31536000' }).end(),
  )
  const client = open({ url, clock, random: () => 0 })
  client.connect()
  await until(() => client.state.name === 'waiting')
  await until(() => clock.waits.at(-1) === 3_600_000, 'the wait is an hour')
  expect(client.state.nextRetryAt).toBe(clock.now() + 3_600_000)
})

test('two reads of one iteration that wait at once: both events count as handled', async () => {
  const { url } = await serve((_, response) =>
    openStream(response, 'id: a\ndata: 1\n\nid: b\ndata: 2\n\nid: c\ndata: 3\n\n'),
  )
  const client = open({ url })
  const events = client.events()
  const both = await Promise.all([events.next(), events.next()])
  expect(both.map(({ value }) => value?.data)).toEqual([1, 2])
  await events.next()
  expect(client.lastEventId).toBe('b')
})

test('a store that never says that it saved is reported, and asked again', async () => {
  const clock = new ManualClock()
  const asked: string[] = []
  const save = (id: string): Promise<void> => new Promise(() => asked.push(id))
  const { url } = await serve((_, response) => {
    openStream(response, 'id: a\ndata: 1\n\n')
    setTimeout(() => response.write('id: b\ndata: 2\n\n'), 50)
  })
  const client = open({ url, clock, store: { load: () => undefined, save } })
  const errors: string[] = []
  client.onError(({ code }) => errors.push(code))
  client.on('message', () => {})
  await until(() => asked.length === 1 && client.lastEventId === 'b')
  clock.advance(10_000)
  await until(() => asked.length === 2)
  expect([asked, errors]).toEqual([['a', 'b'], ['HL_CLIENT_STORE_FAILED']])
})
