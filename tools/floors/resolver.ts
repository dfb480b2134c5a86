import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FLOORS } from './floors.ts'

/** What a package offers to others, and what it calls its own files by. */
type Table = 'exports' | 'imports'

type Manifest = { readonly [Name in Table]?: Readonly<Record<string, unknown>> }

/**
 * Makes a function that answers the source file behind an import, or undefined when the import
 * leaves the repository (`node:` or a package).
 */
export function createResolver(
  root: string,
): (specifier: string, from: string) => string | undefined {
  return (specifier, from) => {
    if (specifier.startsWith('.')) return join(dirname(from), specifier)
    const folders = FLOORS.map(({ folder }) => join(root, folder))
    if (specifier.startsWith('#')) {
      const own = folders.find((folder) => from.startsWith(`${folder}/`))
      return own && sourceOf(own, 'imports', specifier)
    }
    const index = FLOORS.findIndex(
      ({ name }) => specifier === name || specifier.startsWith(`${name}/`),
    )
    const room = FLOORS[index]
    const folder = folders[index]
    if (room === undefined || folder === undefined) return undefined
    return sourceOf(folder, 'exports', `.${specifier.slice(room.name.length)}`)
  }
}

function sourceOf(folder: string, table: Table, entry: string): string | undefined {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const conditions = manifest[table]?.[entry]
  if (typeof conditions !== 'object' || conditions === null) return undefined
  const source = (conditions as Record<string, unknown>)['@heartline/source']
  return typeof source === 'string' ? join(folder, source) : undefined
}
