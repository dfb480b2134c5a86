/**
 * Child process: runs the self-test again and again, each time with one part of it cut off, by and
 * by later. It ends by itself when nothing is left of any run.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { testSeams } from '../../src/seam-test.ts'

interface SeamTest {
  readonly testSeams: typeof testSeams
}

const LIMIT_TURNS = 20
const TURN_MS = 50
const PARTS = 3
const CUTS = 24
const STEP_MS = 1.5

const { setInterval: realInterval } = globalThis
/** Limits that are set before the one that is shorter. */
let before = 0
let cutMs = 0

function hurriedInterval(turn: () => void, ms?: number): NodeJS.Timeout {
  if (ms !== TURN_MS || before-- !== 0) return realInterval(turn, ms)
  return setTimeout(() => {
    for (let turns = 0; turns < LIMIT_TURNS; turns++) turn()
  }, cutMs)
}
globalThis.setInterval = Object.assign(hurriedInterval, realInterval)

let runs = 0
let late = 0
for (; runs < PARTS * CUTS; runs++) {
  before = runs % PARTS
  cutMs = Math.floor(runs / PARTS) * STEP_MS
  // Each copy of the module runs its test once.
  const copy = (await import(`../../src/seam-test.ts?run=${runs}`)) as SeamTest
  const { reason } = await copy.testSeams()
  if (reason?.includes('no result within') === true) late++
  // What was cut off says what it has to say.
  await wait(10)
}
console.log(JSON.stringify({ runs, late }))
