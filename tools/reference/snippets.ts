const PLACE = /(<!-- code: (\S+) (\S+) -->\n\n```tsx?\n).*?```/gs
const BLOCK = /(-->\n\n)?```tsx?\n(.*?)```/gs

/**
 * Puts the regions of files where a page names them.
 *
 * @param read Answers the text of a file, by its path from the root.
 */
export function fillSnippets(page: string, read: (file: string) => string): string {
  const named = page.match(/<!-- code: /g)?.length ?? 0
  const filled = page.match(PLACE)?.length ?? 0
  if (named !== filled) throw new Error('A place for code is not followed by a block of ts or tsx.')
  return page.replace(
    PLACE,
    (_, head: string, file: string, region: string) =>
      `${head}${regionOf(read(file), file, region)}\`\`\``,
  )
}

/** The first lines of blocks that come from nowhere. What is shown as `// before` is not ours. */
export function strayBlocks(page: string): string[] {
  return [...page.matchAll(BLOCK)]
    .filter(([, named, code = '']) => named === undefined && !code.startsWith('// before'))
    .map(([, , code = '']) => code.split('\n')[0] ?? '')
}

function regionOf(text: string, file: string, region: string): string {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.trim() === `// #region ${region}`)
  const end = lines.findIndex((line, index) => index > start && line.trim() === '// #endregion')
  if (start === -1 || end === -1) throw new Error(`There is no region ${region} in ${file}.`)
  const inner = lines.slice(start + 1, end)
  const indents = inner.filter((line) => line !== '').map((line) => line.search(/\S/))
  const indent = Math.min(...indents)
  return inner.map((line) => `${line.slice(indent)}\n`).join('')
}
