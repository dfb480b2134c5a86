import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeTempDirectory } from '../../kit/temp-directory.ts'

const BUILD_MS = 300_000
const run = promisify(execFile)

/** The program of this folder. Its modules come from the Go proxy, checked against `go.sum`. */
export async function buildGqlgen(): Promise<string> {
  const program = join(makeTempDirectory(), 'gqlgen')
  const cwd = fileURLToPath(new URL('.', import.meta.url))
  const env = { ...process.env, GOTOOLCHAIN: 'local', CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' }
  await run('go', ['build', '-trimpath', '-o', program, '.'], { cwd, env, timeout: BUILD_MS })
  return program
}
