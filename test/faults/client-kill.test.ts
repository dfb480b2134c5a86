import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createServer, loadConfig } from 'heartline'
import { expect, onTestFinished, test } from 'vitest'
import { childEnd, killChild, startChild } from '../kit/child.ts'
import { seededRandom, wholeBetween } from '../kit/random.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const READER = fileURLToPath(new URL('client-kill-reader.ts', import.meta.url))
const NODE_FLAGS = ['--conditions=@heartline/source', '--import', 'tsx']
const SILENT = { debug() {}, info() {}, warn() {}, error() {} } as never
const KILLS = 6

test('a reader that is killed between handler and place sees each event, some again', async () => {
  const hub = await createServer(loadConfig({ flags: new Map([['listen', '127.0.0.1:0']]) }), {
    log: SILENT,
  })
  const folder = makeTempDirectory()
  let published = 0
  let isOver = false
  const publishing = (async () => {
    while (!isOver) {
      await hub.hub.publish([{ topic: 'n', data: published }])
      published++
      await sleep(2)
    }
  })()
  const start = (): ReturnType<typeof startChild> =>
    startChild(process.execPath, [...NODE_FLAGS, READER, `${hub.url}/v1/events?topic=n`, folder])
  onTestFinished(async () => {
    isOver = true
    await publishing
    await hub.stop({ deadlineMs: 0 })
    removeTempDirectory(folder)
  })
  const seen = (): number[] => (existsSync(`${folder}/seen`) ? readNumbers(`${folder}/seen`) : [])
  const random = seededRandom(8_420)
  for (let kills = 0; kills < KILLS; kills++) {
    const before = seen().length
    const child = start()
    const more = wholeBetween(random, 5, 60)
    await waitFor(() => seen().length > before + more, { what: 'it reads', everyMs: 1 })
    killChild(child)
    await childEnd(child)
  }
  isOver = true
  await publishing
  const last = start()
  await waitFor(() => seen().at(-1) === published - 1, { what: 'it has everything' })
  killChild(last)
  await childEnd(last)
  const numbers = seen()
  const [first = 0] = numbers
  expect([...new Set(numbers)]).toEqual(
    Array.from({ length: published - first }, (_, n) => first + n),
  )
  // Each life repeats only what its predecessor had not saved, and never goes back further.
  const steps = numbers.slice(1).map((n, index) => n - (numbers[index] ?? 0))
  expect(steps.filter((step) => step !== 1).length).toBeLessThanOrEqual(KILLS)
  expect(Math.min(...steps)).toBeGreaterThan(-100)
  expect(existsSync(`${folder}/gaps`)).toBe(false)
}, 120_000)

function readNumbers(path: string): number[] {
  return readFileSync(path, 'utf8').trim().split('\n').map(Number)
}
