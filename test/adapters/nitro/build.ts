import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { installedOrSkipped } from '../../frameworks/installed.ts'
import { makeTempDirectory } from '../../kit/temp-directory.ts'

const BUILD_MS = 200_000

/** A release of Nitro, with the folder of its application. */
export interface Nitro {
  readonly name: string
  readonly application: '2' | '3'
  /** Its command line. */
  readonly cli: string
  readonly env: Readonly<Record<string, string>>
}

/** Nitro 3 on h3 2. */
function nitro3(): Nitro {
  const manifest = fileURLToPath(import.meta.resolve('nitro/package.json'))
  const cli = join(manifest, '../dist/cli/index.mjs')
  return { name: 'Nitro 3', application: '3', cli, env: {} }
}

/** Nitro 2, as in Nuxt 3 and 4, on h3 1. Undefined where it cannot be installed. */
async function nitro2(): Promise<Nitro | undefined> {
  const folder = await installedOrSkipped('nitro-2')
  if (folder === undefined) return undefined
  const modules = join(folder, 'node_modules')
  const cli = join(modules, 'nitropack/dist/cli/index.mjs')
  return { name: 'Nitro 2', application: '2', cli, env: { NITRO_TEST_MODULES: modules } }
}

/** Those that are there. */
export async function nitros(): Promise<Nitro[]> {
  return [nitro3(), await nitro2()].filter((nitro) => nitro !== undefined)
}

/** Builds the application with Nitro's own command. Answers the URL of the module that was built. */
export async function buildNitro(nitro: Nitro & { readonly preset: string }): Promise<string> {
  const { cli, application, preset, env } = nitro
  const folder = makeTempDirectory()
  const source = fileURLToPath(new URL(application, import.meta.url))
  await promisify(execFile)(process.execPath, [cli, 'build', '--dir', source, '--preset', preset], {
    env: { ...process.env, ...env, NODE_ENV: 'production', NITRO_TEST_OUTPUT: folder },
    timeout: BUILD_MS,
  })
  return pathToFileURL(join(folder, 'server/index.mjs')).href
}
