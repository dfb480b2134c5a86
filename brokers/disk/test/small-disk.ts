import { execFileSync } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { temporaryDirectory } from './temporary-directory.ts'

const mounted: string[] = []

afterAll(() => {
  for (const path of mounted.splice(0)) execFileSync('umount', ['--lazy', path])
})

/** Why no small disk can be made here, or undefined. In CI that is a failure, not an excuse. */
export const noSmallDisk: string | undefined = findReason()

/** A disk of so many MiB in memory, unmounted after the tests of the file. */
export async function smallDisk(mebibytes: number, ...more: string[]): Promise<string> {
  const path = await temporaryDirectory()
  const options = [`size=${mebibytes}m`, ...more].join(',')
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path])
  mounted.push(path)
  return path
}

/** Takes room away; what it returns gives it back. */
export async function ballast(disk: string, mebibytes: number): Promise<() => Promise<void>> {
  const path = join(disk, 'ballast')
  await writeFile(path, Buffer.alloc(mebibytes * 1024 * 1024, 1))
  return () => rm(path)
}

function findReason(): string | undefined {
  if (process.env['CI'] !== undefined) return undefined
  if (process.platform !== 'linux') return 'a small disk is made with tmpfs, which only Linux has'
  if (process.getuid?.() !== 0) return 'only root may mount a small disk (tmpfs)'
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], {
      stdio: 'ignore',
    })
    return undefined
  } catch {
    return 'mounting a small disk (tmpfs) is not permitted here'
  }
}
