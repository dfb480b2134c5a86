import { describe, expect, it } from 'vitest'
import { mergePresence } from '../../src/workers/merge-presence.ts'
import {
  formatPlace,
  parsePlace,
  prefixOfWorker,
  workerOfSession,
} from '../../src/workers/session-address.ts'
import { SettlingPoint } from '../../src/workers/settling-point.ts'

describe('a session id', () => {
  it('says which worker the session is on', () => {
    expect(workerOfSession(`${prefixOfWorker(12)}abc-_0`)).toBe(12)
    for (const id of ['', 'abc', 'w1', 'w.x', 'w1234.x', 'xw1.a']) {
      expect(workerOfSession(id)).toBeUndefined()
    }
  })

  it('is a place in the list together with the time of its opening', () => {
    const place = { id: 'w1.abc', openedAt: 1_800_000_000_123 }
    expect(parsePlace(formatPlace(place))).toEqual(place)
    for (const text of ['', 'w1.abc', 'w1.abc~', '~1', 'w1.abc~!', 'a~b~c']) {
      expect(parsePlace(text)).toBeUndefined()
    }
  })
})

describe('presence', () => {
  it('makes one member of a subscriber who is on several workers', () => {
    const merged = mergePresence([
      [
        { subscriber: 'ann', sessions: 2, since: 50 },
        { subscriber: 'bob', sessions: 1, since: 10 },
      ],
      [],
      [{ subscriber: 'ann', sessions: 3, since: 20 }],
    ])
    expect(merged).toEqual([
      { subscriber: 'ann', sessions: 5, since: 20 },
      { subscriber: 'bob', sessions: 1, since: 10 },
    ])
  })
})

describe('leaving workers', () => {
  it('wait until the last has come, and are told the same offset', async () => {
    let offset = 1
    const point = new SettlingPoint(
      () => [1, 2],
      () => offset,
    )
    const first = point.arrive(1)
    offset = 9
    expect(await Promise.all([first, point.arrive(2)])).toEqual([9, 9])
  })

  it('do not wait for one that died', async () => {
    const alive = [1, 2, 3]
    const point = new SettlingPoint(
      () => alive,
      () => 4,
    )
    const waiting = [point.arrive(1), point.arrive(3)]
    alive.splice(1, 1)
    point.leave(2)
    expect(await Promise.all(waiting)).toEqual([4, 4])
  })
})
