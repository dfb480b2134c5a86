import { afterEach, describe, expect, it } from 'vitest'
import { until } from './kit/reader.ts'
import type { Served } from './kit/target.ts'
import { targets } from './kit/targets.ts'

const open: Served[] = []

afterEach(async () => {
  await Promise.all(open.splice(0).map((served) => served.close()))
})

describe('A heartbeat in real time', () => {
  it('is steady over every transport at once', async () => {
    const clients = await Promise.all(
      targets.map(async (target) => {
        const served = await target.serve((exchange) => void exchange.open({ heartbeatMs: 1_000 }))
        open.push(served)
        return served.connect()
      }),
    )
    const beats = (index: number): number[] =>
      [...clients[index]!.received.text.matchAll(/: hb (\d+)\n\n/g)].map((hit) => Number(hit[1]))
    await until(() => clients.every((_, index) => beats(index).length >= 4))
    for (const [index] of clients.entries()) {
      const times = beats(index).slice(0, 4)
      for (const [i, time] of times.slice(1).entries()) {
        expect(time - times[i]!).toBeGreaterThan(850)
        expect(time - times[i]!).toBeLessThan(1_500)
      }
    }
  })
})
