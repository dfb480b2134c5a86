import { afterEach, describe, expect, it } from 'vitest'
import { createHub, type Hub, type HubOptions } from '../src/index.ts'
import { eventually } from './fixture.ts'
import { GateBroker, turn } from './gate-broker.ts'
import { attachPipe, type Pipe } from './pipe.ts'

let hub: Hub
afterEach(async () => hub?.close())

async function start(options: Partial<HubOptions> = {}): Promise<void> {
  hub = await createHub({ broker: new GateBroker(), ...options })
}

async function live(count: number, selectors: readonly string[]): Promise<Pipe[]> {
  const pipes = Array.from({ length: count }, () => attachPipe(hub, { selectors }).pipe)
  await eventually(() => pipes.every((pipe) => pipe.isLive))
  return pipes
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n))

describe('a fan-out', () => {
  it('hands a reader at most one piece, however much is published in one turn', async () => {
    await start()
    const [pipe, other] = await live(2, ['a'])
    if (pipe !== undefined) pipe.isHeld = true
    const batch = numbers(200).map((n) => ({ topic: 'a', data: `${n} ${'x'.repeat(10_000)}` }))
    await hub.publish(batch)
    await eventually(() => other?.data.length === 200)
    expect(pipe?.heldBytes).toBeLessThan(90_000)
    expect(Math.max(...(other?.writes ?? []))).toBeLessThan(90_000)
    pipe?.release()
    await eventually(() => pipe?.data.length === 200)
    expect(pipe?.data.map((text) => text.split(' ')[0])).toEqual(numbers(200))
  })

  it('is not stopped by a reader whose transport throws', async () => {
    await start()
    const pipes = await live(9, ['a'])
    const broken = pipes[4]
    if (broken !== undefined) {
      broken.onWrite = () => {
        throw new Error('broken')
      }
    }
    for (const n of numbers(3)) await hub.publish([{ topic: 'a', data: n }])
    await eventually(() => pipes.every((pipe) => pipe === broken || pipe.data.length === 3))
    expect(hub.stats()).toMatchObject({ sessions: 8, ended: { error: 1 } })
  })

  it('serves everyone once while readers come and go between its slices', async () => {
    await start({ flushSlice: 3 })
    const pipes = await live(40, ['a'])
    const late: Pipe[] = []
    for (let n = 0; n < 60; n++) {
      await hub.publish([{ topic: 'a', data: n }])
      await turn()
      if (n < 20) pipes[n]?.leave()
      late.push(attachPipe(hub, { selectors: ['a'], since: 'earliest' }).pipe)
    }
    const stayed = [...pipes.slice(20), ...late]
    await eventually(() => stayed.every((pipe) => pipe.data.length >= 60))
    for (const pipe of stayed) expect(pipe.data).toEqual(numbers(60))
    expect(hub.stats().sessions).toBe(80)
  })

  it('to readers that take nothing for a while misses and repeats nothing', async () => {
    await start({ flushSlice: 2, cohortLogBytes: 4_096 })
    const pipes = await live(12, ['a/*'])
    let published = 0
    let seed = 7
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2 ** 31
    while (published < 600) {
      const size = 1 + Math.floor(random() * 5)
      const data = () => `${published++} ${'x'.repeat(Math.floor(random() * 9_000))}`
      await hub.publish(Array.from({ length: size }, () => ({ topic: 'a/b', data: data() })))
      for (const pipe of pipes) {
        const roll = random()
        if (roll < 0.2) pipe.isHeld = true
        else if (roll < 0.3) pipe.release()
      }
      if (random() < 0.5) await turn()
    }
    for (const pipe of pipes) pipe.release()
    await eventually(() => pipes.every((pipe) => pipe.data.length >= published))
    for (const pipe of pipes) {
      expect(pipe.data.map((text) => text.split(' ')[0])).toEqual(numbers(published))
      expect(pipe.gaps).toEqual([])
    }
  })

  it('of a session that ends in its own write goes on with the others', async () => {
    await start()
    const pipes = await live(10, ['a'])
    for (const pipe of pipes.slice(3, 7)) pipe.onWrite = () => pipe.leave()
    await hub.publish([{ topic: 'a', data: 'x' }])
    const others = [...pipes.slice(0, 3), ...pipes.slice(7)]
    await eventually(() => others.every((pipe) => pipe.data.length === 1))
    expect(hub.stats()).toMatchObject({ sessions: 6, ended: { disconnected: 4 } })
  })
})
