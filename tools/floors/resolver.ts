import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { FLOORS } from './floors.ts'

interface Manifest {
  readonly exports?: Readonly<Record<string, unknown>>
}

/**
 * Makes a function that answers the source file behind an import, or undefined when the import
 * leaves the repository (`node:` or a package).
 */
export function createResolver(
  root: string,
): (specifier: string, from: string) => string | undefined {
  return (specifier, from) => {
    if (specifier.startsWith('.')) return join(dirname(from), specifier)
    const room = FLOORS.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))
    if (room === undefined) return undefined
    const source = sourceOf(join(root, room.folder), `.${specifier.slice(room.name.length)}`)
    return source && join(root, room.folder, source)
  }
}

function sourceOf(folder: string, entry: string): string | undefined {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const conditions = manifest.exports?.[entry]
  if (typeof conditions !== 'object' || conditions === null) return undefined
  const source = (conditions as Record<string, unknown>)['@heartline/source']
  return typeof source === 'string' ? source : undefined
}
