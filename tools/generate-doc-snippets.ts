/**
 * Fills the code of README.md, of the pages in docs/ and of the README of each package from regions
 * of files that are checked and run: the block behind
 * `<!-- code: examples/express/server.ts server -->` holds what is between `// #region server` and
 * `// #endregion` there. TypeScript from elsewhere is refused.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publishPage } from './reference/page.ts'
import { fillSnippets, strayBlocks } from './reference/snippets.ts'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const readmes = ['packages', 'brokers', 'adapters'].flatMap((parent) =>
  readdirSync(join(ROOT, parent))
    .map((name) => `${parent}/${name}/README.md`)
    .filter((page) => existsSync(join(ROOT, page))),
)
for (const page of ['README.md', ...docs.sort(), ...readmes]) {
  const text = readFileSync(join(ROOT, page), 'utf8')
  const filled = fillSnippets(text, (file) => readFileSync(join(ROOT, file), 'utf8'))
  if (text.includes('<!-- code: ')) publishPage(page, filled)
  for (const line of strayBlocks(text)) {
    console.error(`${page}: the block that begins with "${line}" is no region of a file`)
    process.exitCode = 1
  }
}
