import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { ROOT } from './paths.mjs'
import { step } from './step.mjs'

const LOCK = join(ROOT, 'package-lock.json')
const STAMP = join(ROOT, 'node_modules/.heartline-installed')
// npm writes this as its last act, also when you add a package yourself; then the lock file is
// written at nearly the same time, before or after.
const NPM_STAMP = join(ROOT, 'node_modules/.package-lock.json')
const TOGETHER_MS = 5_000

/**
 * Installs what package-lock.json says, unless that is there already. Not by `npm ci`: that one
 * refuses a lock file that lacks optional binaries of other platforms, as it does when it was
 * written next to a registry that does not offer them. `--no-save` leaves the lock file alone.
 */
export async function install() {
  const wanted = createHash('sha256').update(readFileSync(LOCK)).digest('hex')
  if (readStamp() === wanted) return
  if (!isNewer(NPM_STAMP, LOCK)) {
    await step('Install packages', 'npm', ['install', '--no-save', '--no-progress'], {
      hint: 'see the message of npm above; this step needs the npm registry once.',
    })
  }
  writeFileSync(STAMP, wanted)
}

function readStamp() {
  try {
    return readFileSync(STAMP, 'utf8')
  } catch {
    return undefined
  }
}

function isNewer(file, than) {
  try {
    return statSync(file).mtimeMs + TOGETHER_MS >= statSync(than).mtimeMs
  } catch {
    return false
  }
}
