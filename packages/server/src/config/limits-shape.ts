import { z } from 'zod'
import type { LimitSettings } from './config.ts'
import { about, byteSize, duration } from './kinds.ts'

const GIB = 2 ** 30
const count = (min: number, max: number): z.ZodInt => z.int().min(min).max(max)

/** `limits`: bounds of what one request may cost. */
export const limitsShape: z.ZodPrefault<z.ZodType<LimitSettings>> = z
  .strictObject({
    maxBodyBytes: byteSize({ min: 1024, max: GIB })
      .prefault('1MiB')
      .meta(about({ kind: 'size', description: 'One JSON body: an event or an array of them.' })),
    maxNdjsonLineBytes: byteSize({ min: 1024, max: GIB })
      .prefault('1MiB')
      .meta(about({ kind: 'size', description: 'One line of an NDJSON body.' })),
    maxNdjsonEvents: count(1, 1e7)
      .prefault(100_000)
      .meta(about({ kind: 'integer', description: 'Lines of one NDJSON body.' })),
    maxHeaderBytes: byteSize({ min: 1024, max: 2 ** 20 })
      .prefault('16KiB')
      .meta(about({ kind: 'size', description: 'Request line and headers together.' })),
    maxEventBytes: byteSize({ min: 64, max: GIB })
      .prefault('1MiB')
      .meta(about({ kind: 'size', description: 'Data of one event.' })),
    maxTopicLength: count(1, 1024)
      .prefault(256)
      .meta(about({ kind: 'integer', description: 'Characters of a topic.' })),
    maxSelectors: count(1, 1000)
      .prefault(100)
      .meta(about({ kind: 'integer', description: 'Selectors of one session.' })),
    maxSessions: count(0, 1e7)
      .prefault(0)
      .meta(
        about({
          kind: 'integer',
          flag: '--max-sessions',
          description: 'Open sessions. 0: no limit.',
        }),
      ),
    bodyTimeoutMs: duration({ min: 100, max: 3_600_000 })
      .prefault('30s')
      .meta(
        about({
          kind: 'duration',
          description:
            'A JSON body must arrive within this time; an NDJSON body may not pause longer.',
        }),
      ),
  })
  .prefault({})
