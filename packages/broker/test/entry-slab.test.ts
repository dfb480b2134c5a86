import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { Entry } from '../src/index.ts'
import { entryBytes, toEntry } from '../src/index.ts'
import { entryAt, EntrySlab, msAt, topicsAt, type SlabPlace } from '../src/internal/entry-slab.ts'

const text = fc.string({ unit: 'binary', maxLength: 40 })
const optional = <Value>(values: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> =>
  fc.option(values, { nil: undefined })

const anyEntry = fc.record({
  topics: fc.array(text, { maxLength: 4 }),
  data: fc.oneof(
    text,
    fc.nat(300_000).map((length) => 'é'.repeat(length)),
  ),
  type: optional(text),
  key: optional(text),
  private: optional(fc.boolean()),
  retry: optional(fc.nat()),
  publishId: optional(text),
})

describe('the slab', () => {
  it('gives back what was stored, while older entries are removed and chunks used again', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEntry, fc.nat(3)), { maxLength: 40 }), (steps) => {
        const slab = new EntrySlab()
        const kept: { entry: Entry; place: SlabPlace }[] = []
        for (const [index, [given, removals]] of steps.entries()) {
          const entry = toEntry(given, { ms: 1_000 + index, offset: index + 1 })
          kept.push({ entry, place: slab.add(entry, entryBytes(entry)) })
          for (let removed = 0; removed < removals && kept.length > 0; removed++) {
            kept.shift()
            slab.removeOldest()
          }
          for (const { entry: stored, place } of kept) {
            expect(entryAt(place, stored.position.offset)).toEqual(stored)
            expect(msAt(place)).toBe(stored.position.ms)
            expect(topicsAt(place)).toEqual(stored.topics)
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})
