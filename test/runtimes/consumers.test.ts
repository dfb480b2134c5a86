import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { installPacked, PUBLISHED } from './packed.ts'

/** The oldest compiler that reads the packages, and the one they are made with. */
const COMPILERS = {
  'TypeScript 5.4': 'node_modules/typescript-5.4/lib/tsc.js',
  'the newest TypeScript': fileURLToPath(
    new URL('../../node_modules/typescript/bin/tsc', import.meta.url),
  ),
}
const INSTALL_MS = 300_000
const run = promisify(execFile)

/** `@heartline/session/fetch` and so on: what can be imported. */
const entries = PUBLISHED.flatMap(({ manifest: { name, exports = {} } }) =>
  Object.keys(exports)
    .filter((entry) => entry !== './package.json')
    .map((entry) => `${name}${entry.slice(1)}`),
)
/** One is called inside a test, by a runner that its user has; one is the program of a worker. */
const NOT_FOR_NODE = ['@heartline/broker/conformance', '@heartline/client/shared-worker']

let app = ''

/** Types that a strict consumer of everything has installed. */
function furtherTypes(): Record<string, string> {
  const types: Record<string, string> = {
    '@types/node': '20.19.43',
    'typescript-5.4': 'npm:typescript@5.4.5',
  }
  for (const { manifest } of PUBLISHED) {
    for (const [name, version] of Object.entries(manifest.devDependencies ?? {})) {
      const typed = name.replace('@types/', '')
      if (name.startsWith('@types/') && typed in (manifest.peerDependencies ?? {})) {
        types[name] = version
      }
    }
  }
  return types
}

beforeAll(async () => {
  app = await installPacked(PUBLISHED, furtherTypes())
}, INSTALL_MS)

/** What a strict compiler says about what our packages declare. */
async function compile(
  compiler: keyof typeof COMPILERS,
  options: Record<string, unknown>,
): Promise<string[]> {
  const lines = entries.map((entry, index) => `export * as entry${index} from '${entry}'`)
  await writeFile(join(app, 'consumer.ts'), `${lines.join('\n')}\n`)
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: 'ES2022',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: ['node'],
    noEmit: true,
    skipLibCheck: false,
    ...options,
  }
  await writeFile(
    join(app, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
  )
  const args = [resolve(app, COMPILERS[compiler]), '-p', app]
  const said = await run(process.execPath, args, { cwd: app }).catch((error: unknown) => error)
  const complaints = (said as { stdout: string }).stdout.split('\n').filter((line) => line !== '')
  // Frameworks may need a newer compiler than we do.
  return complaints.filter((line) => /^consumer|@heartline|^error|^\S*heartline/.test(line))
}

describe('packages that were packed and installed into an empty folder', () => {
  it.each(PUBLISHED.map(({ manifest }) => manifest.name))('%s is complete', (name) => {
    const there = (file: string): boolean => existsSync(join(app, 'node_modules', name, file))
    expect(['package.json', 'README.md', 'dist', 'src'].filter((file) => !there(file))).toEqual([])
    // Nothing of the workshop is published.
    expect(['test', 'bench', 'tsconfig.json', 'node_modules/.cache'].filter(there)).toEqual([])
  })

  it.each(entries.filter((entry) => !NOT_FOR_NODE.includes(entry)))(
    '%s is imported',
    async (entry) => {
      const program = `const all = await import('${entry}'); console.log(Object.keys(all).length)`
      const args = ['--input-type=module', '--eval', program]
      const { stdout } = await run(process.execPath, args, { cwd: app })
      expect(Number(stdout)).toBeGreaterThan(0)
    },
  )

  it.each(entries.filter((entry) => !NOT_FOR_NODE.includes(entry)))(
    '%s is required by CommonJS',
    async (entry) => {
      const program = `console.log(Object.keys(require('${entry}')).length)`
      const args = ['--input-type=commonjs', '--eval', program]
      const { stdout } = await run(process.execPath, args, { cwd: app })
      expect(Number(stdout)).toBeGreaterThan(0)
    },
  )

  describe.each(Object.keys(COMPILERS) as (keyof typeof COMPILERS)[])('with %s', (compiler) => {
    it.each([
      { module: 'nodenext', moduleResolution: 'nodenext' },
      { module: 'node16', moduleResolution: 'node16' },
      { module: 'esnext', moduleResolution: 'bundler' },
    ])(
      'compile with the resolution $moduleResolution',
      async (options) => {
        expect(await compile(compiler, options)).toEqual([])
      },
      120_000,
    )
  })
})
