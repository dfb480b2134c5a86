import { describe, expect, it } from 'vitest'
import { HeartlineError } from '@heartline/wire'
import { brokerErrors, createMemoryBroker, TailGroup, type ReadPage } from '../src/index.ts'

function recorder(): {
  calls: string[]
  entries(batch: readonly { position: { offset: number } }[]): void
  state(state: string): void
  reset(): void
} {
  const calls: string[] = []
  return {
    calls,
    entries: (batch) => void calls.push(...batch.map(({ position }) => `${position.offset}`)),
    state: (state) => void calls.push(state),
    reset: () => void calls.push('reset'),
  }
}

const last = { ms: 5, offset: 3 }
const snapshot = () => ({ epoch: 'e', base: { ms: 0, offset: 0 }, last })

describe('a tail whose log cannot be read for a while', () => {
  it('says stale once, tries again, says live and goes on', async () => {
    const broker = createMemoryBroker()
    await broker.append([1, 2, 3].map((number) => ({ topics: ['t'], data: `${number}` })))
    let failures = 2
    const read = (request: { after: number }): Promise<ReadPage> => {
      if (failures-- > 0) throw new HeartlineError(brokerErrors.unavailable, { reason: 'test' })
      return broker.read(request)
    }
    const tails = new TailGroup({ snapshot, read: async (request) => read(request) })
    const sink = recorder()
    tails.open(0, sink)
    await expect.poll(() => sink.calls.length).toBe(6)
    expect(sink.calls).toEqual(['live', 'stale', 'live', '1', '2', '3'])
    tails.close()
  })

  it('ends in silence when the log is closed', async () => {
    const read = (): Promise<ReadPage> => Promise.reject(new HeartlineError(brokerErrors.closed))
    const tails = new TailGroup({ snapshot, read })
    const sink = recorder()
    tails.open(0, sink)
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(sink.calls).toEqual(['live'])
  })
})

describe('a tail that missed a batch', () => {
  it('reads what is between', async () => {
    const broker = createMemoryBroker()
    const tails = new TailGroup({
      snapshot: () => ({ ...snapshot(), last: head }),
      read: (request) => broker.read(request),
    })
    let head = { ms: 0, offset: 0 }
    const sink = recorder()
    tails.open(0, sink)
    await broker.append([1, 2, 3].map((number) => ({ topics: ['t'], data: `${number}` })))
    const { entries } = await broker.read({ after: 0 })
    head = (await broker.state()).last
    tails.publish(entries.slice(2))
    await expect.poll(() => sink.calls).toEqual(['live', '1', '2', '3'])
    tails.publish(entries.slice(1))
    expect(sink.calls).toHaveLength(4)
  })
})
