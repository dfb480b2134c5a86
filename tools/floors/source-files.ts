import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Every TypeScript file below a folder; none when the folder is not there. */
export function sourceFiles(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
}
