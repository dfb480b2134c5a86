import { describe, expect, it } from 'vitest'
import { brokerErrors } from '../errors.ts'
import { entry, numbered, readAll, rejectionCode, Recorder, type Bench } from './kit.ts'

/** The closed set of errors. */
export function errorSuite(bench: Bench): void {
  describe('errors', () => {
    closedTests(bench)
    tooLargeTests(bench)
  })
}

function closedTests({ open }: Bench): void {
  it('refuses everything with closed after close', async () => {
    const broker = await open()
    await broker.append([entry('x')])
    await broker.close()
    const calls = [
      broker.append([entry('y')]),
      broker.append([]),
      broker.read({ after: 0 }),
      broker.state(),
      broker.locate({ ms: 0, offset: 0 }),
      broker.tail(0, new Recorder()),
    ]
    const codes = await Promise.all(calls.map((call) => rejectionCode(call)))
    expect(new Set(codes)).toEqual(new Set([brokerErrors.closed.code]))
  })

  it('closes twice without an error', async () => {
    const broker = await open()
    await Promise.all([broker.close(), broker.close()])
    await broker.close()
  })

  it('waits for appends under way', async () => {
    const broker = await open()
    const appends = numbered(30).map((one) => broker.append([one]))
    await broker.close()
    const outcomes = await Promise.allSettled(appends)
    expect(outcomes.map(({ status }) => status)).toEqual(numbered(30).map(() => 'fulfilled'))
  })
}

function tooLargeTests({ open }: Bench): void {
  it('refuses an entry that is too large, and the whole call with it', async () => {
    const broker = await open({ maxEntryBytes: 1_000 })
    const call = broker.append([entry('small'), entry('x'.repeat(1_001)), entry('small')])
    expect(await rejectionCode(call)).toBe(brokerErrors.tooLarge.code)
    expect((await broker.state()).last.offset).toBe(0)
    await broker.append([entry('fits')])
    expect((await readAll(broker, { after: 0 })).map(({ data }) => data)).toEqual(['fits'])
  })

  it('counts UTF-8 bytes of every text', async () => {
    const broker = await open({ maxEntryBytes: 1_000 })
    const large = [
      entry('€'.repeat(400)),
      entry('', { key: 'k'.repeat(1_001) }),
      entry('', { type: 't'.repeat(1_001) }),
      entry('', { publishId: 'i'.repeat(1_001) }),
      { topics: ['t'.repeat(1_001)], data: '' },
    ]
    for (const one of large) {
      expect(await rejectionCode(broker.append([one]))).toBe(brokerErrors.tooLarge.code)
    }
    await broker.append([entry('x'.repeat(900))])
  })
}
