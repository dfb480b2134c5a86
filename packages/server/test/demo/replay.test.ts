import { createMemoryBroker } from '@heartline/broker'
import { createHub, type Hub } from '@heartline/hub'
import { expect, onTestFinished, test } from 'vitest'
import type { Recording } from '../../src/demo/recording.ts'
import { startReplay } from '../../src/demo/replay.ts'

const recordings: readonly Recording[] = [
  toRecording('price', 'stocks/X', 5),
  toRecording('quake', 'quakes/light', 7),
]

test('plays every recording in order, again and again', async () => {
  const hub = await openHub()
  const replay = await startReplay({ hub, recordings, speed: 1_000 })
  await until(async () => (await published(hub, 'quake')).length >= 20)
  await replay.stop()
  for (const { kind, events } of recordings) {
    const places = await published(hub, kind)
    expect(places).toEqual(
      places.map((_, i) => [Math.floor(i / events.length) + 1, i % events.length]),
    )
  }
})

test('goes on where the log says it stopped, without repeating or leaving out an event', async () => {
  const hub = await openHub()
  for (const wanted of [3, 9, 16]) {
    const replay = await startReplay({ hub, recordings, speed: 50 })
    await until(async () => (await published(hub, 'quake')).length >= wanted)
    await replay.stop()
  }
  const places = await published(hub, 'quake')
  expect(places).toEqual(places.map((_, i) => [Math.floor(i / 7) + 1, i % 7]))
})

test('passes over what somebody else published to its topics', async () => {
  const hub = await openHub()
  for (const data of ['{', 'null', '"x"', '{"kind":"price","run":-1,"n":0}', '{"kind":"price"}']) {
    await hub.publish([{ topic: 'stocks/X', data }])
  }
  const replay = await startReplay({ hub, recordings })
  await until(async () => (await published(hub, 'price')).length > 0)
  await replay.stop()
  expect((await published(hub, 'price'))[0]).toEqual([1, 0])
})

test('tries a publish that failed again, and says so', async () => {
  const hub = await openHub()
  const errors: unknown[] = []
  let failures = 1
  const flaky: Pick<Hub, 'publish' | 'history'> = {
    history: (request) => hub.history(request),
    publish: (events) =>
      failures-- > 0 ? Promise.reject(new Error('storage full')) : hub.publish(events),
  }
  const replay = await startReplay({ hub: flaky, recordings, onError: (e) => errors.push(e) })
  await until(async () => (await published(hub, 'price')).length > 0)
  await replay.stop()
  expect(errors).toHaveLength(1)
  expect((await published(hub, 'price'))[0]).toEqual([1, 0])
})

function toRecording(kind: string, topic: string, count: number): Recording {
  const events = Array.from({ length: count }, (_, n) => ({ topic, at: n * 100, data: {} }))
  return { kind, pace: 1, events }
}

async function openHub(): Promise<Hub> {
  const hub = await createHub({ broker: createMemoryBroker() })
  onTestFinished(() => hub.close())
  return hub
}

async function published(hub: Hub, kind: string): Promise<[number, number][]> {
  const { events } = await hub.history({ selectors: ['**'], limit: 1_000 })
  return events
    .filter(({ data }) => data.startsWith(`{"kind":"${kind}","run":`) && !data.includes('-1'))
    .map(({ data }) => JSON.parse(data) as { run: number; n: number })
    .map(({ run, n }) => [run, n])
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('this did not come true within 20 seconds')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
