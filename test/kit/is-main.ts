import { realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** True when the module was started as a program, not imported by a test. */
export function isMain(moduleUrl: string): boolean {
  const started = process.argv[1]
  return started !== undefined && realpathSync(started) === fileURLToPath(moduleUrl)
}

/** Runs a program: exit code 0 when it returns true, 1 when it returns false or throws. */
export async function runMain(program: () => Promise<boolean>): Promise<void> {
  try {
    process.exitCode = (await program()) ? 0 : 1
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
}
