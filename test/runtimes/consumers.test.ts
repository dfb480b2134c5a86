import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { installPacked, PUBLISHED } from './packed.ts'

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
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
  const types: Record<string, string> = { '@types/node': '20.19.43' }
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

async function compile(options: Record<string, unknown>): Promise<string> {
  const lines = entries.map((entry, index) => `export * as entry${index} from '${entry}'`)
  await writeFile(join(app, 'consumer.ts'), `${lines.join('\n')}\n`)
  const compilerOptions = {
    strict: true,
    target: 'ES2022',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: ['node'],
    noEmit: true,
    skipLibCheck: true,
    ...options,
  }
  await writeFile(
    join(app, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
  )
  const said = await run(process.execPath, [TSC, '-p', app]).catch((error: unknown) => error)
  return (said as { stdout: string }).stdout
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

  it('compile with the resolution of Node.js', async () => {
    expect(await compile({ module: 'nodenext', moduleResolution: 'nodenext' })).toBe('')
  }, 120_000)

  it('compile with the resolution of bundlers', async () => {
    expect(await compile({ module: 'preserve', moduleResolution: 'bundler' })).toBe('')
  }, 120_000)
})
