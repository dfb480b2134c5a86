import { expect, test } from 'vitest'
import { Player } from '../../src/demo/player.ts'
import type { Recording } from '../../src/demo/recording.ts'

const recording: Recording = {
  kind: 'price',
  pace: 10,
  events: [0, 100, 100, 400].map((at) => ({ topic: 'stocks/X', at, data: { at } })),
}

test('publishes the first event at once and the others when their time has come', () => {
  const player = new Player(recording, { run: 1, n: 0 }, { speed: 1, now: 1_000 })
  expect(player.nextAt).toBe(1_000)
  expect(ids(player, 1_000)).toEqual(['demo-price-1-0'])
  player.advance(1)
  expect(player.nextAt).toBe(1_010)
  expect(ids(player, 1_009)).toEqual([])
  expect(ids(player, 1_010)).toEqual(['demo-price-1-1', 'demo-price-1-2'])
})

test('answers the same until it is told that the events are published', () => {
  const player = new Player(recording, { run: 1, n: 1 }, { speed: 1, now: 0 })
  expect(player.due(0)).toEqual(player.due(0))
  expect(player.due(0)[0]).toEqual({
    topic: 'stocks/X',
    data: { kind: 'price', at: 100, run: 1, n: 1 },
    publishId: 'demo-price-1-1',
  })
})

test('begins the next run with a new number after a pause', () => {
  const player = new Player(recording, { run: 7, n: 3 }, { speed: 2, now: 0 })
  expect(ids(player, 0)).toEqual(['demo-price-7-3'])
  player.advance(1)
  expect(player.nextAt).toBe(1_000)
  expect(ids(player, 1_000)).toEqual(['demo-price-8-0'])
})

test('plays faster with a larger speed', () => {
  const player = new Player(recording, { run: 1, n: 0 }, { speed: 5, now: 0 })
  player.advance(3)
  expect(player.nextAt).toBe(8)
})

function ids(player: Player, now: number): (string | undefined)[] {
  return player.due(now).map((event) => event.publishId)
}
