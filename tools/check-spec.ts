/**
 * Checks the numbered requirements: each id is given to one row of `spec/`, and whatever names an
 * id, in documents, sources and tests, names a row that is there.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const ID = /\bHL-[A-Z]+-\d+\b/g
const ROW = /^\| (HL-[A-Z]+-\d+) +\|.*\| *[✓◐○]/
const SKIPPED = ['node_modules', 'dist', '.git', '.heartline']
const problems: string[] = []
const rows = new Set<string>()

for (const file of filesBelow(join(root, 'spec'))) {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (!line.startsWith('| HL-')) continue
    const id = ROW.exec(line)?.[1]
    if (id === undefined) problems.push(`${place(file)}: a row without id or state: ${line}`)
    else if (rows.has(id)) problems.push(`${place(file)}: ${id} is given twice`)
    else rows.add(id)
  }
}

for (const file of filesBelow(root)) {
  for (const [id] of readFileSync(file, 'utf8').matchAll(ID)) {
    if (!rows.has(id)) problems.push(`${place(file)}: there is no row ${id}`)
  }
}

for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1

function place(file: string): string {
  return relative(root, file)
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.includes(entry.name) ? [] : filesBelow(path)
    return /\.(ts|md)$/.test(entry.name) ? [path] : []
  })
}
