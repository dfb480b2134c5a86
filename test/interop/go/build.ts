import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeTempDirectory } from '../../kit/temp-directory.ts'

const SOURCE = fileURLToPath(new URL('main.go', import.meta.url))
const BUILD_MS = 300_000
const run = promisify(execFile)

let built: Promise<string> | undefined

/** The program of this folder, compiled once a process. It uses nothing but the standard library. */
export function buildGo(): Promise<string> {
  built ??= build()
  return built
}

async function build(): Promise<string> {
  const program = join(makeTempDirectory(), 'interop')
  const env = { ...process.env, GOPROXY: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' }
  await run('go', ['build', '-trimpath', '-o', program, SOURCE], { env, timeout: BUILD_MS })
  return program
}

/** Undefined when there is a compiler, else a sentence for a person. */
export function goMissing(): string | undefined {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'go is missing: install Debian’s golang-go (apt-get install golang-go)'
  }
}
