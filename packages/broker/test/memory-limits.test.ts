import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createMemoryBroker } from '../src/index.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

describe('the memory of the memory broker', () => {
  it('stays small while far more than the retention is published', async () => {
    const broker = createMemoryBroker()
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    const filling = 'x'.repeat(990)
    for (let index = 0; index < 100_000; index++) {
      await broker.append([{ topics: [`t${index % 1_000}`], data: `${index} ${filling}` }])
    }
    collectGarbage()
    const { base, last } = await broker.state()
    expect((last.offset - base.offset) * 1_000).toBeLessThan(9 * 1024 * 1024)
    // 100 MB were published.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 1024 * 1024)
    await broker.close()
  })

  it('forgets the oldest publish id beyond maxPublishIds', async () => {
    const broker = createMemoryBroker({ maxPublishIds: 2 })
    const publish = async (publishId: string): Promise<boolean> => {
      const [result] = await broker.append([{ topics: ['t'], data: '', publishId }])
      return result?.duplicate === true
    }
    for (const id of ['a', 'b', 'c']) expect(await publish(id)).toBe(false)
    expect(await publish('b')).toBe(true)
    expect(await publish('a')).toBe(false)
    await broker.close()
  })
})

describe('the options of the memory broker', () => {
  it('are refused at once when they make no sense', () => {
    for (const options of [
      { maxEntries: 0 },
      { maxAgeMs: -1 },
      { maxBytes: NaN },
      { epoch: 'A' },
    ]) {
      expect(() => createMemoryBroker(options)).toThrow(
        expect.objectContaining({ code: 'HL_BROKER_OPTION' }),
      )
    }
  })

  it('name the epoch', async () => {
    const broker = createMemoryBroker({ epoch: 'abc123' })
    expect((await broker.state()).epoch).toBe('abc123')
    const [one, two] = [createMemoryBroker(), createMemoryBroker()]
    expect((await one.state()).epoch).not.toBe((await two.state()).epoch)
  })
})
