/**
 * Fills the code of README.md and the pages in docs/ from regions of files that are checked and run: the block behind
 * `<!-- code: examples/express/server.ts server -->` holds what is between `// #region server` and
 * `// #endregion` there.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publishPage } from './reference/page.ts'
import { fillSnippets } from './reference/snippets.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
for (const page of ['README.md', ...docs.sort()]) {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const filled = fillSnippets(text, (file) => readFileSync(join(ROOT, file), 'utf8'))
  if (text.includes('<!-- code: ')) publishPage(page, filled)
}
