/**
 * Checks who imports whom against the picture in ARCHITECTURE.md. Exits non-zero with one line for
 * each arrow that points up.
 */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  FLOORS,
  NEUTRAL_ENTRIES,
  NEUTRAL_PACKAGES,
  READS_ENVIRONMENT,
  type Room,
} from './floors/floors.ts'
import { importsOf } from './floors/imports.ts'
import { createResolver } from './floors/resolver.ts'
import { sourceFiles } from './floors/source-files.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const problems: string[] = []

for (const room of FLOORS) checkRoom(room)
for (const entry of NEUTRAL_ENTRIES) checkNeutral(entry)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

function checkRoom(room: Room): void {
  for (const file of sourceFiles(join(root, room.folder, 'src'))) {
    const text = readFileSync(file, 'utf8')
    const place = relative(root, file)
    for (const { specifier } of importsOf(text)) checkImport(room, place, specifier)
    if (!READS_ENVIRONMENT.includes(room.folder) && /\bprocess\.(env|argv)\b/.test(text)) {
      problems.push(`${place}: only the server reads environment and arguments`)
    }
  }
}

function checkImport(room: Room, place: string, specifier: string): void {
  const target = FLOORS.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`))
  if (target !== undefined && target !== room && !room.mayImport.includes(target.name)) {
    problems.push(`${place}: ${room.name} may not import ${target.name}`)
  }
  if (specifier.includes('/internal/') && !specifier.startsWith('.')) {
    problems.push(`${place}: ${specifier} is internal to its package`)
  }
}

/** Whatever runs where there is no Node may reach nothing but its own kind. */
function checkNeutral(entry: string): void {
  const resolve = createResolver(root)
  const waiting = [join(root, entry)]
  const seen = new Set(waiting)
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const { specifier, isTypeOnly } of importsOf(readFileSync(file, 'utf8'))) {
      if (isTypeOnly || NEUTRAL_PACKAGES.includes(specifier)) continue
      const next = resolve(specifier, file)
      if (next === undefined) {
        problems.push(
          `${relative(root, file)}: ${entry} must run anywhere, but reaches ${specifier}`,
        )
      } else if (!seen.has(next)) {
        seen.add(next)
        waiting.push(next)
      }
    }
  }
}
