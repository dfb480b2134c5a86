import { readFileSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeTempDirectory } from '../kit/temp-directory.ts'
import { npm } from './npm.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROGRAMS = fileURLToPath(new URL('programs', import.meta.url))

/** What is read of a package.json. */
export interface Manifest {
  readonly name: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

interface PublishedPackage {
  readonly folder: string
  readonly manifest: Manifest
}

/** Every package that is built and published. */
export const PUBLISHED: readonly PublishedPackage[] = builtFolders()
  .map((folder) => ({ folder, manifest: readJson(join(folder, 'package.json')) as Manifest }))
  .filter(({ manifest }) => manifest.private !== true)

/** What the root's tsconfig.json builds. */
function builtFolders(): string[] {
  const { references } = readJson(join(ROOT, 'tsconfig.json')) as {
    references: readonly { path: string }[]
  }
  return references.map(({ path }) => join(ROOT, path))
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/**
 * An empty folder into which packages were installed from their tarballs, as their users do, and
 * the programs of this folder copied. `further` are packages besides ours.
 */
export async function installPacked(
  packages: readonly PublishedPackage[],
  further: Readonly<Record<string, string>> = {},
): Promise<string> {
  const place = makeTempDirectory()
  const tarballs = join(place, 'tarballs')
  const app = join(place, 'app')
  await mkdir(tarballs)
  await mkdir(app)
  const dependencies: Record<string, string> = { ...further }
  await Promise.all(
    packages.map(async ({ folder, manifest }) => {
      const said = await npm(folder, ['pack', '--json', '--pack-destination', tarballs])
      dependencies[manifest.name] = `file:../tarballs/${fileOf(said)}`
    }),
  )
  const manifest = { private: true, type: 'module', dependencies }
  await writeFile(join(app, 'package.json'), JSON.stringify(manifest))
  await npm(app, ['install', '--no-package-lock', '--prefer-offline'])
  await cp(PROGRAMS, app, { recursive: true })
  return app
}

function fileOf(said: string): string {
  const [{ filename }] = JSON.parse(said) as [{ filename: string }]
  return filename
}
