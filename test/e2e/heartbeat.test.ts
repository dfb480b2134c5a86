import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { Publisher } from '../kit/publisher.ts'
import { RawReader } from '../kit/reader-raw.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const INTERVAL_MS = 1_000
const WATCH_MS = 20_000
const BUSY_MS = 300
/** How far from its time a beat may come on a machine that does other things too. */
const TOLERANCE = 0.15
const HEARTBEAT = /^hb (\d+)$/

interface Watched {
  /** The hub's own stamps. */
  readonly stamps: number[]
  readonly arrivals: number[]
  /** For each heartbeat, how long nothing else had come before it. */
  readonly silences: number[]
  events: number
  readonly reader: RawReader
}

let hub: HubProcess

beforeAll(async () => {
  hub = await startHub({ flags: ['--heartbeat', '1s'] })
})

afterAll(() => hub.stop())

async function watch(topic: string): Promise<Watched> {
  const stamps: number[] = []
  const arrivals: number[] = []
  const silences: number[] = []
  let heardAt = performance.now()
  const reader = new RawReader(
    { url: `${hub.url}/v1/events?topic=${topic}` },
    {
      onEvent: ({ type }) => {
        heardAt = performance.now()
        if (type === 'message') watched.events++
      },
      onComment: (text) => {
        const stamp = HEARTBEAT.exec(text.trim())?.[1]
        if (stamp === undefined) return
        stamps.push(Number(stamp))
        arrivals.push(performance.now())
        silences.push(performance.now() - heardAt)
        heardAt = performance.now()
      },
    },
  )
  const watched: Watched = { stamps, arrivals, silences, events: 0, reader }
  await waitFor(() => reader.connects === 1, { what: 'the stream is open' })
  return watched
}

function intervals(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] as number))
}

describe('with a heartbeat of one second', () => {
  it('an idle reader sees one each second, a busy one sees none', async () => {
    const idle = await watch('heartbeat/idle')
    const busy = await watch('heartbeat/busy')
    const publisher = new Publisher(hub.url, { topic: 'heartbeat/busy' })
    const until = Date.now() + WATCH_MS
    while (Date.now() < until) {
      await publisher.publish(1)
      await sleep(BUSY_MS)
    }
    await Promise.all([idle.reader.close(), busy.reader.close()])
    publisher.close()

    const expected = WATCH_MS / INTERVAL_MS
    expect(idle.stamps.length).toBeGreaterThanOrEqual(expected * (1 - TOLERANCE))
    expect(idle.stamps.length).toBeLessThanOrEqual(expected * (1 + TOLERANCE))
    // The hub's own stamps and what arrives: other tests may hold up a process now and then, but
    // a heartbeat is never left out.
    const within = (ms: number): boolean => Math.abs(ms - INTERVAL_MS) <= INTERVAL_MS * TOLERANCE
    for (const gaps of [intervals(idle.stamps), intervals(idle.arrivals)]) {
      expect(gaps.filter((ms) => !within(ms)).length, gaps.join()).toBeLessThanOrEqual(expected / 4)
      expect(Math.max(...gaps), gaps.join()).toBeLessThan(INTERVAL_MS * 1.9)
    }

    expect(busy.events).toBe(publisher.acknowledged)
    // Only a publisher that was held up itself leaves room for one.
    const early = busy.silences.filter((ms) => ms < INTERVAL_MS * (1 - TOLERANCE))
    expect(early).toEqual([])
    expect(busy.stamps.length).toBeLessThanOrEqual(expected / 4)
  }, 60_000)
})
