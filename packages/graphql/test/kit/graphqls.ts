import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as graphql16 from 'graphql'
import type { Engine } from '../../src/index.ts'

/** One version of the `graphql` package. */
export interface Graphql {
  readonly name: string
  readonly module: typeof graphql16
  readonly engine: Engine
}

const VERSION = '17.1.0'
const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** All versions that the handler serves. */
export const graphqls: readonly Graphql[] = [
  toGraphql('graphql 16', graphql16),
  ...(await newest()),
]

function toGraphql(name: string, module: typeof graphql16): Graphql {
  const { parse, validate, specifiedRules, execute, subscribe } = module
  return { name, module, engine: { parse, validate, specifiedRules, execute, subscribe } }
}

/**
 * Version 17 asks for Node.js 22, so it cannot stand among the dependencies of a repository that
 * installs on 20. It runs there all the same: it is fetched once, into a cache.
 */
async function newest(): Promise<Graphql[]> {
  const folder = join(root, 'node_modules', '.cache', `graphql-${VERSION}`)
  try {
    if (!existsSync(folder)) fetchInto(folder)
  } catch (error) {
    if (process.env['CI'] !== undefined) throw error
    console.warn(`graphql ${VERSION} could not be fetched from the registry: not tested.`)
    return []
  }
  const entry = join(folder, 'node_modules', 'graphql', 'index.mjs')
  const module = (await import(pathToFileURL(entry).href)) as typeof graphql16
  return [toGraphql('graphql 17', module)]
}

/** By renaming: of several test files that fetch at the same time, one wins. */
function fetchInto(folder: string): void {
  mkdirSync(join(folder, '..'), { recursive: true })
  const own = mkdtempSync(`${folder}-`)
  const flags = [
    '--no-save',
    '--ignore-scripts',
    '--engine-strict=false',
    '--no-audit',
    '--no-fund',
  ]
  const args = ['install', '--prefix', own, ...flags, `graphql@${VERSION}`]
  execFileSync('npm', args, { cwd: own, stdio: 'pipe', timeout: 60_000 })
  if (existsSync(folder)) return rmSync(own, { recursive: true })
  renameSync(own, folder)
}
