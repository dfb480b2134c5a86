import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs npm for the package in a folder, whatever npm this process was started by. */
export async function npm(
  folder: string,
  args: readonly string[],
  timeout = 120_000,
): Promise<string> {
  // What `npm test` tells its scripts about this repository would be taken for that folder's.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(registry|cache)$)/.test(name)),
  )
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error']
  const { stdout } = await promisify(execFile)('npm', [...args, ...quiet, '--prefix', folder], {
    cwd: folder,
    env,
    timeout,
    maxBuffer: 16 * 1024 * 1024,
  })
  return stdout
}
