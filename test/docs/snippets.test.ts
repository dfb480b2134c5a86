import { expect, test } from 'vitest'
import { fillSnippets, strayBlocks } from '../../tools/reference/snippets.ts'

const FILE =
  'before()\n{\n  // #region inner\n  first(() => {\n    second()\n  })\n\n  // #endregion\n}\n'

const page = (code: string): string =>
  `# Page\n\n<!-- code: a.ts inner -->\n\n\`\`\`ts\n${code}\`\`\`\n`

test('a region takes the place of the block behind its name, without its indent', () => {
  const filled = fillSnippets(page('stale\n'), (file) => (file === 'a.ts' ? FILE : ''))
  expect(filled).toBe(page('first(() => {\n  second()\n})\n\n'))
})

test('what is filled stays as it is', () => {
  const once = fillSnippets(page(''), () => FILE)
  expect(fillSnippets(once, () => FILE)).toBe(once)
})

test('a region that is not there, and a place without a block, are errors', () => {
  expect(() => fillSnippets(page(''), () => 'nothing\n')).toThrow('no region inner in a.ts')
  expect(() => fillSnippets('<!-- code: a.ts inner -->\n\ntext\n', () => FILE)).toThrow(
    'block of ts',
  )
})

test('tsx stays tsx', () => {
  const tsx = (code: string): string => page(code).replace('```ts', '```tsx')
  expect(fillSnippets(tsx('stale\n'), () => FILE)).toContain('```tsx\nfirst(')
})

test('TypeScript that is no region is found; what was before, and other languages, may stand', () => {
  const text = `${page('')}\n\`\`\`ts\nstray()\n\`\`\`\n\`\`\`ts\n// before\nold()\n\`\`\`\n\`\`\`go\nx\n\`\`\`\n`
  expect(strayBlocks(text)).toEqual(['stray()'])
})
