/** One import or re-export of a source file. */
export interface Import {
  readonly specifier: string
  /** True for `import type` and `export type`, which are gone when the code runs. */
  readonly isTypeOnly: boolean
}

// The formatter puts every import and re-export at the start of a line, and every line of a doc
// comment after ` *`, so a syntax tree is not needed to tell them apart.
const STATIC = /^(?:import|export)\s(type\s)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm
const DYNAMIC = /^(?!\s*(?:\*|\/\/)).*\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm

/** Every module that a source file names. */
export function importsOf(text: string): Import[] {
  const found: Import[] = []
  for (const [, type, specifier = ''] of text.matchAll(STATIC)) {
    found.push({ specifier, isTypeOnly: type !== undefined })
  }
  for (const [, specifier = ''] of text.matchAll(DYNAMIC)) {
    found.push({ specifier, isTypeOnly: false })
  }
  return found
}
