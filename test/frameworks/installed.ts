import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { npm } from '../runtimes/npm.ts'

/** Outside of the workspaces, as they are large; kept between runs. */
const CACHE = fileURLToPath(
  new URL('../../node_modules/.cache/heartline-frameworks/', import.meta.url),
)
const INSTALL_MS = 180_000

/** The frameworks that have a folder here, with what is installed and its lock file. */
export type FrameworkName = 'nitro-2' | 'next' | 'sveltekit' | 'react-router'

async function installed(name: FrameworkName): Promise<string> {
  const source = fileURLToPath(new URL(name, import.meta.url))
  const lock = await readFile(join(source, 'package-lock.json'))
  const digest = createHash('sha256').update(lock).digest('hex').slice(0, 12)
  const folder = join(CACHE, `${name}-${digest}`)
  if (!existsSync(folder)) await install(source, folder)
  return folder
}

/** The folder where a framework is installed; undefined, and it is said, where that cannot be. */
export async function installedOrSkipped(name: FrameworkName): Promise<string | undefined> {
  return installed(name).catch((error: unknown) => {
    // Where everything can be installed, a framework that is not there is a mistake.
    if (process.env['CI'] !== undefined) throw error
    console.warn(`Skipped. ${name} cannot be installed from npm: ${String(error)}`)
    return undefined
  })
}

/** Installed beside and renamed: a run that is cut off leaves nothing half done in its place. */
async function install(source: string, folder: string): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const beside = await mkdtemp(`${folder}.`)
  try {
    for (const file of ['package.json', 'package-lock.json']) {
      await cp(join(source, file), join(beside, file))
    }
    await npm(beside, ['ci', '--ignore-scripts', '--prefer-offline'], INSTALL_MS)
    await rename(beside, folder).catch((error: unknown) => {
      // Another run was faster.
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}
