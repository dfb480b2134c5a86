import { expect, test } from 'vitest'
import { checkNotes } from './kit/check-notes.ts'
import { fileOf, SERVERS } from './kit/servers.ts'

test.each(SERVERS)(
  '%s: strangers are refused, notes arrive, readers come back at their place, and the end is clean',
  async (name) => {
    expect(await checkNotes(fileOf(name))).toEqual([])
  },
  120_000,
)
