/**
 * Prints what works on which runtime, with our packages as they would be published.
 *
 * `npx tsx --conditions=@heartline/source test/runtimes/matrix.ts [words of names]`
 */
import { isDeepStrictEqual } from 'node:util'
import { startHub } from '../kit/hub-process.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { installPacked, PUBLISHED } from './packed.ts'
import { binaryOf, RUNTIMES } from './runtime.ts'
import { OF_RUNTIMES } from './needed.ts'
import {
  EXPECTED_OF_CLIENT,
  expectedOfHub,
  EXPECTED_OF_SERVER,
  tryClient,
  tryHub,
  tryServer,
} from './trial.ts'

const [, , words = ''] = process.argv

async function main(): Promise<boolean> {
  const hub = await startHub({ flags: ['--heartbeat', '1s', '--retry', '100ms'] })
  const app = await installPacked(
    PUBLISHED.filter(({ manifest }) => OF_RUNTIMES.has(manifest.name)),
  )
  let isGood = true
  try {
    for (const runtime of RUNTIMES.filter(({ name }) => name.includes(words))) {
      const place = { runtime, binary: await binaryOf(runtime), app }
      const print = async (what: string, trial: () => Promise<unknown>): Promise<void> => {
        const problem = await trial().then(
          () => undefined,
          (error: unknown) => String(error),
        )
        isGood &&= problem === undefined
        console.log(`${problem === undefined ? 'good' : 'BAD '}  ${runtime.name}: ${what}`)
        if (problem !== undefined) console.log(problem)
      }
      await print('client', async () => same(await tryClient(place, hub.port), EXPECTED_OF_CLIENT))
      await print('session', async () => same(await tryServer(place), EXPECTED_OF_SERVER))
      await print(`hub, writes by ${runtime.seam}`, async () =>
        same(await tryHub(place), expectedOfHub(runtime)),
      )
    }
    return isGood
  } finally {
    await hub.stop()
  }
}

function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`)
  }
}

if (isMain(import.meta.url)) await runMain(main)
