const PLACE = /(<!-- code: (\S+) (\S+) -->\n\n)```ts\n.*?```/gs

/**
 * Puts the regions of files where a page names them.
 *
 * @param read Answers the text of a file, by its path from the root.
 */
export function fillSnippets(page: string, read: (file: string) => string): string {
  const named = page.match(/<!-- code: /g)?.length ?? 0
  const filled = page.match(PLACE)?.length ?? 0
  if (named !== filled) throw new Error('A place for code is not followed by a block of ts.')
  return page.replace(
    PLACE,
    (_, head: string, file: string, region: string) =>
      `${head}\`\`\`ts\n${regionOf(read(file), file, region)}\`\`\``,
  )
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
