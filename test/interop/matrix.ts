/**
 * Prints the matrix of interoperability: every client against every server, over every path.
 *
 * `npx tsx --conditions=@heartline/source test/interop/matrix.ts [words of names] [groups at once]`
 */
import { closeBrowser } from './clients/chromium.ts'
import { GROUPS, missingFor, nameOf, type Group } from './combination.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { runQueued } from './queue.ts'
import { judge, tellStory } from './story.ts'

const [, , words = '', atOnce = '4'] = process.argv

async function main(): Promise<boolean> {
  const groups = GROUPS.filter((group) => nameOf(group).includes(words))
  const here = groups.filter((group) => missingFor(group).length === 0)
  const stories = runQueued(here, tellStory, Number(atOnce))
  const counts = { good: 0, bad: 0, ours: 0, skipped: 0 }
  for (const group of groups) {
    const story = stories.get(group)
    if (story === undefined) {
      counts.skipped += group.clients.length
      console.log(`skipped  ${nameOf(group)}: ${missingFor(group).join('. ')}`)
      continue
    }
    for (const { name, isOurs, problems } of await outcomes(group, story)) {
      const isGood = problems.length === 0
      counts[isGood ? 'good' : 'bad']++
      if (isGood && isOurs) counts.ours++
      console.log(
        `${isGood ? 'good   ' : 'BAD    '}  ${name}${problems.map((p) => `\n    ${p}`).join('')}`,
      )
    }
  }
  console.log(
    `${counts.good} combinations are good, ${counts.ours} of them with our clients; ` +
      `${counts.bad} are not; ${counts.skipped} were skipped`,
  )
  return counts.bad === 0 && counts.good > 0
}

interface CombinationOutcome {
  readonly name: string
  readonly isOurs: boolean
  readonly problems: readonly string[]
}

async function outcomes(
  group: Group,
  story: ReturnType<typeof tellStory>,
): Promise<readonly CombinationOutcome[]> {
  try {
    const result = await story
    return result.parts.map((part) => ({
      name: nameOf(group, part.client),
      isOurs: part.client.isOurs,
      problems: judge(group, result, part),
    }))
  } catch (error) {
    const problems = [error instanceof Error ? error.message : String(error)]
    return group.clients.map((client) => ({
      name: nameOf(group, client),
      isOurs: client.isOurs,
      problems,
    }))
  }
}

async function program(): Promise<boolean> {
  try {
    return await main()
  } finally {
    await closeBrowser()
  }
}

if (isMain(import.meta.url)) await runMain(program)
