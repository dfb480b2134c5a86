// A fresh clone of this repository into an empty folder, then `npm start` and nothing else: events
// must reach `curl -N` within two seconds of being published. Takes minutes: it installs and builds.
//
//   npx tsx test/e2e/first-run.ts

import { execFileSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childEnd, hasEnded, killChild, startChild } from '../kit/child.ts'
import { postJson } from '../kit/http-call.ts'
import { isMain, runMain } from '../kit/is-main.ts'
import { percentile } from '../kit/percentile.ts'
import { makeTempDirectory, removeTempDirectory } from '../kit/temp-directory.ts'
import { sleep, waitFor } from '../kit/wait-for.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const START_MS = 900_000
const MARKS = 20
const LIMIT_MS = 2_000

async function main(): Promise<boolean> {
  const folder = makeTempDirectory()
  const clone = join(folder, 'clone')
  execFileSync('git', ['clone', '--quiet', ROOT, clone])
  if (existsSync(join(clone, 'node_modules'))) throw new Error('The clone is not fresh')
  const started = performance.now()
  const child = startChild('npm', ['start'], {
    cwd: clone,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of its own: npm does not hand a signal down to what it started.
    detached: true,
  })
  // The group must not outlive this program, whatever happens.
  process.once('exit', () => signalGroup(child, 'SIGKILL'))
  try {
    const url = await addressOf(child)
    console.log(`${url} after ${((performance.now() - started) / 1000).toFixed(1)} s of npm start`)
    const times = await timeMarks(url)
    const worst = Math.max(...times)
    console.log(
      `curl -N saw ${times.length} of ${MARKS} marks, ` +
        `p50 ${percentile(times, 0.5).toFixed(1)} ms, longest ${worst.toFixed(1)} ms`,
    )
    return times.length === MARKS && worst < LIMIT_MS
  } finally {
    await endGroup(child)
    removeTempDirectory(folder)
  }
}

/** Without what npm or the test runner put there: a person's shell has none of it. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(npm_|NODE_|VITEST|HEARTLINE_|INIT_CWD$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

async function addressOf(child: ChildProcess): Promise<string> {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
    process.stdout.write(text)
  })
  const address = /listening on (http:\/\/[^\s)]+)/
  await waitFor(() => address.test(output) || hasEnded(child), {
    what: 'npm start says its address',
    timeoutMs: START_MS,
    everyMs: 50,
  })
  const url = address.exec(output)?.[1]
  if (url === undefined) throw new Error('npm start ended without an address')
  return url
}

/** How long each of some published marks took to reach curl, in milliseconds. */
async function timeMarks(url: string): Promise<number[]> {
  const topic = 'first-run'
  const curl = startChild('curl', ['-sN', `${url}/v1/events?topic=${topic}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let seen = ''
  curl.stdout?.setEncoding('utf8').on('data', (text: string) => {
    seen += text
  })
  const times: number[] = []
  try {
    await waitFor(() => seen.includes('\n\n'), { what: 'curl got the first bytes' })
    for (let mark = 0; mark < MARKS; mark++) {
      const data = `mark ${Math.random().toString(36).slice(2)}`
      const sentAt = performance.now()
      const answer = await postJson(`${url}/v1/events`, { topic, data })
      if (answer.status >= 300) throw new Error(`Publish answered ${answer.status} ${answer.text}`)
      await waitFor(() => seen.includes(data), { what: 'the mark arrives', everyMs: 1 })
      times.push(performance.now() - sentAt)
      await sleep(100)
    }
  } finally {
    killChild(curl)
    await childEnd(curl)
  }
  return times
}

/** As Ctrl+C does it, then by force: also what is left of the group when npm itself has ended. */
async function endGroup(child: ChildProcess): Promise<void> {
  signalGroup(child, 'SIGINT')
  await Promise.race([childEnd(child), sleep(15_000, undefined, { ref: false })])
  signalGroup(child, 'SIGKILL')
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // Nobody is left in it.
  }
}

if (isMain(import.meta.url)) await runMain(main)
