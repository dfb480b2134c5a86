import { describe, expect, test } from 'vitest'
import { readRecordings } from '../../src/demo/dataset.ts'
import { readPrices } from '../../src/demo/prices.ts'
import { magnitudeBand } from '../../src/demo/quakes.ts'

describe('the recordings of the demo', () => {
  const recordings = readRecordings()

  test('are read whole from the installed package', () => {
    expect(recordings.map(({ kind, events }) => [kind, events.length])).toEqual([
      ['price', 560],
      ['quake', 1707],
    ])
  })

  test('are in the order in which things happened', () => {
    for (const { events } of recordings) {
      const times = events.map(({ at }) => at)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
    }
  })

  test('have a topic for each share and each class of earthquakes', () => {
    const topics = new Set(recordings.flatMap(({ events }) => events.map(({ topic }) => topic)))
    expect([...topics].toSorted()).toEqual([
      'quakes/light',
      'quakes/micro',
      'quakes/minor',
      'quakes/moderate',
      'quakes/strong',
      'stocks/AAPL',
      'stocks/AMZN',
      'stocks/GOOG',
      'stocks/IBM',
      'stocks/MSFT',
    ])
  })

  test('tell the recorded time whatever the time zone of the machine', () => {
    const csv = 'symbol,date,price\nMSFT,Feb 1 2000,36.35\r\nMSFT,Jan 1 2000,39.81\n'
    expect(readPrices(csv).events.map(({ data }) => data)).toEqual([
      { symbol: 'MSFT', price: 39.81, time: '2000-01-01T00:00:00.000Z' },
      { symbol: 'MSFT', price: 36.35, time: '2000-02-01T00:00:00.000Z' },
    ])
  })

  test.each([
    [-0.8, 'micro'],
    [1.99, 'micro'],
    [2, 'minor'],
    [3.9, 'minor'],
    [4, 'light'],
    [5, 'moderate'],
    [6, 'strong'],
    [9.5, 'strong'],
  ])('call magnitude %d %s', (magnitude, band) => {
    expect(magnitudeBand(magnitude)).toBe(band)
  })
})
