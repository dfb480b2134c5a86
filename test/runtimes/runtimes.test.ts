import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHub, type HubProcess } from '../kit/hub-process.ts'
import { OF_RUNTIMES } from './needed.ts'
import { installPacked, PUBLISHED } from './packed.ts'
import { binaryOf, RUNTIMES } from './runtime.ts'
import {
  EXPECTED_OF_CLIENT,
  expectedOfHub,
  EXPECTED_OF_SERVER,
  tryClient,
  tryHub,
  tryServer,
} from './trial.ts'

const INSTALL_MS = 300_000

/** The binaries, or why there is none. All are looked for at once: most of it is download. */
const binaries = new Map(
  await Promise.all(
    RUNTIMES.map(async (runtime) => {
      const found = await binaryOf(runtime).catch((error: unknown) => error as Error)
      return [runtime.name, found] as const
    }),
  ),
)
for (const [name, found] of binaries) {
  if (typeof found === 'string') continue
  const sentence = `${name} cannot be installed from npm (is there a network?): ${found.message}`
  // Where everything can be installed, a runtime that is not there is a mistake.
  if (process.env['CI'] !== undefined) throw new Error(sentence)
  console.warn(`Skipped. ${sentence}`)
}

let app = ''
let hub: HubProcess

beforeAll(async () => {
  const ours = PUBLISHED.filter(({ manifest }) => OF_RUNTIMES.has(manifest.name))
  hub = await startHub({ flags: ['--heartbeat', '1s', '--retry', '100ms'] })
  app = await installPacked(ours)
}, INSTALL_MS)

afterAll(() => hub.stop())

describe.each(RUNTIMES)('on $name', (runtime) => {
  const binary = binaries.get(runtime.name)
  const isHere = typeof binary === 'string'
  const place = () => ({ runtime, binary: String(binary), app })

  it.skipIf(!isHere)(
    'the client publishes, reads, goes on after a cut and from a file',
    async () => {
      expect(await tryClient(place(), hub.port)).toEqual(EXPECTED_OF_CLIENT)
    },
    90_000,
  )

  it.skipIf(!isHere)(
    'a session on Fetch streams, beats, and knows that a reader left',
    async () => {
      expect(await tryServer(place())).toEqual(EXPECTED_OF_SERVER)
    },
    90_000,
  )

  it.skipIf(!isHere)(
    'a hub keeps what it stored through `kill -9`, and leaves in good order',
    async () => {
      expect(await tryHub(place())).toEqual(expectedOfHub(runtime))
    },
    90_000,
  )
})
