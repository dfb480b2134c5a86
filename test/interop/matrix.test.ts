import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { closeBrowser } from './clients/chromium.ts'
import type { InteropClient } from './clients/client.ts'
import { GROUPS, missingFor, nameOf, type Group } from './combination.ts'
import { judge, tellStory, type StoryResult } from './story.ts'
import { runQueued } from './queue.ts'

const AT_ONCE = 4

const lacks = new Map(GROUPS.map((group) => [group, missingFor(group)]))
const missing = [...new Set([...lacks.values()].flat())]
if (missing.length > 0) {
  // Where everything is installed by a program, a server that is not there is a mistake.
  if (process.env['CI'] !== undefined) throw new Error(missing.join('. '))
  console.warn(`Some combinations are skipped. ${missing.join('. ')}.`)
}

const isHere = (group: Group): boolean => lacks.get(group)?.length === 0
let stories: ReadonlyMap<Group, Promise<StoryResult>>

beforeAll(() => {
  stories = runQueued(GROUPS.filter(isHere), tellStory, AT_ONCE)
})

afterAll(async () => {
  await Promise.allSettled(stories.values())
  await closeBrowser()
}, 240_000)

describe.each(GROUPS.map((group) => ({ group, name: nameOf(group) })))('$name', ({ group }) => {
  for (const client of group.clients) {
    it.skipIf(!isHere(group))(
      `${client.name} ${wordsFor(group, client)}`,
      async () => {
        const result = (await stories.get(group)) as StoryResult
        const part = result.parts.find((each) => each.client === client)
        expect(part && judge(group, result, part)).toEqual([])
      },
      240_000,
    )
  }
})

function wordsFor({ server }: Group, { losesBrokenEvent }: InteropClient): string {
  if (!server.remembers) return 'gets every event in order and starts over after each cut'
  const words = 'gets every event in order, once, and goes on where it was after each cut'
  return losesBrokenEvent === true ? `${words}, but for the event that was cut` : words
}

it('has 24 combinations with our clients at least', () => {
  const ours = GROUPS.flatMap(({ clients }) => clients.filter(({ isOurs }) => isOurs))
  expect(ours.length).toBeGreaterThanOrEqual(24)
})
