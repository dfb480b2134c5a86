import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './paths.mjs'
import { step } from './step.mjs'

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const CONSOLE = join(ROOT, 'packages/console')
const CONSOLE_BUILT = join(ROOT, 'packages/server/dist/console/index.html')
// The console bundles the client and its parser, so a change there makes it stale too.
const CONSOLE_SOURCES = [
  'src',
  'public',
  'index.html',
  'vite.config.ts',
  '../client/src',
  '../wire/src',
]

/** Builds what is missing or stale: every package, then the console. */
export async function build() {
  await step('Build packages', process.execPath, [TSC, '-b'], {
    hint: 'correct the types above.',
  })
  if (isConsoleFresh()) return
  const vite = join(CONSOLE, 'node_modules/vite/bin/vite.js')
  await step('Build console', process.execPath, [vite, 'build'], { cwd: CONSOLE })
}

function isConsoleFresh() {
  if (!existsSync(CONSOLE_BUILT)) return false
  const builtAt = statSync(CONSOLE_BUILT).mtimeMs
  return CONSOLE_SOURCES.every((source) => newest(join(CONSOLE, source)) <= builtAt)
}

/** The newest change in a file or folder, in Unix milliseconds. A removed file counts by its folder. */
function newest(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}
