import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const FORMATTER = join(ROOT, 'node_modules/oxfmt/bin/oxfmt')

/** Text that may stand in a cell of a table. `<` would begin HTML. */
export function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('\n', ' ')
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  return lines.join('\n')
}

/**
 * Writes a generated page, or with `--check` compares it with what is there and ends with 1 when
 * it differs.
 */
export function publishPage(path: string, text: string): void {
  const formatted = execFileSync(process.execPath, [FORMATTER, '--stdin-filepath', path], {
    cwd: ROOT,
    input: text,
    encoding: 'utf8',
  })
  const file = join(ROOT, path)
  if (!process.argv.includes('--check')) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, formatted)
    console.log(`wrote ${path}`)
  } else if (read(file) !== formatted) {
    console.error(`${path} is out of date`)
    process.exitCode = 1
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
