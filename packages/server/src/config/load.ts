import { HeartlineError } from '@heartline/wire'
import type { z } from 'zod'
import { serverErrors } from '../errors.ts'
import type { Config } from './config.ts'
import { readConfigFile } from './file.ts'
import { readEnvironment, readFlags, type Layer } from './layer.ts'
import { nearestHint } from './nearest.ts'
import { configSchema } from './schema.ts'
import { siblingKeys } from './setting.ts'
import { applyUpstream } from './upstream.ts'

/** Where a configuration is read from. */
export interface ConfigSources {
  /** Default: none. */
  readonly environment?: NodeJS.ProcessEnv | undefined
  /** By path (`drain.deadlineMs`), as given on the command line. Default: none. */
  readonly flags?: ReadonlyMap<string, string | boolean> | undefined
  /** Default: `HEARTLINE_CONFIG`, else `heartline.json` when it exists. */
  readonly file?: string | undefined
  /** Directory that file names are relative to. Default: no file is looked for unless named. */
  readonly directory?: string | undefined
  /** By path, for what nothing above sets. Default: none. */
  readonly defaults?: ReadonlyMap<string, unknown> | undefined
}

type Tree = Record<string, unknown>

/**
 * Reads and checks the configuration: flags win over the environment, that over the file, that
 * over the defaults. Throws the first problem: `HL_CONFIG_INVALID`, `HL_CONFIG_UNKNOWN_KEY`,
 * `HL_CONFIG_UNREADABLE`.
 */
export function loadConfig(sources: ConfigSources): Config {
  const environment = sources.environment ?? {}
  const named = sources.file ?? (environment['HEARTLINE_CONFIG'] || undefined)
  const file =
    named === undefined && sources.directory === undefined
      ? { name: undefined, content: {} }
      : readConfigFile(named, sources.directory ?? process.cwd())
  const layers = [...readEnvironment(environment), ...readFlags(sources.flags ?? new Map())]
  const problems: HeartlineError[] = []
  const tree = merge(file.content, layers)
  for (const [path, value] of sources.defaults ?? []) setIfAbsent(tree, path.split('.'), value)
  const config = checkConfig(tree, problems, originOf(layers, file.name))
  const [first] = problems
  if (config === undefined || first !== undefined) throw first
  return config
}

/** Checks a tree as it stands in a file. Every problem is added to `problems`. */
export function checkConfig(
  tree: unknown,
  problems: HeartlineError[],
  nameOf: (path: string) => string = (path) => path,
): Config | undefined {
  const result = configSchema.safeParse(tree)
  if (result.success) return withUpstream(result.data, problems, nameOf)
  for (const issue of result.error.issues) problems.push(...toErrors(issue, nameOf))
  return undefined
}

function withUpstream(
  config: Config,
  problems: HeartlineError[],
  nameOf: (path: string) => string,
): Config | undefined {
  try {
    return applyUpstream(config, nameOf)
  } catch (error) {
    if (!(error instanceof HeartlineError)) throw error
    problems.push(error)
    return undefined
  }
}

/** The configuration when nothing is set. */
export function defaultConfig(): Config {
  return configSchema.parse({})
}

function merge(base: Readonly<Tree>, layers: readonly Layer[]): Tree {
  const tree = structuredClone(base) as Tree
  for (const { path, value } of layers) {
    const keys = path.split('.')
    const last = keys.pop() ?? path
    let node = tree
    for (const key of keys) {
      const child = node[key]
      const isObject = typeof child === 'object' && child !== null && !Array.isArray(child)
      node = (isObject ? child : (node[key] = {})) as Tree
    }
    node[last] = value
  }
  return tree
}

/** What stands in the way of the path is left there for the check to name. */
function setIfAbsent(tree: Tree, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    tree[key] ??= value
    return
  }
  const child = (tree[key] ??= {})
  if (typeof child === 'object') setIfAbsent(child as Tree, rest, value)
}

function originOf(layers: readonly Layer[], file: string | undefined): (path: string) => string {
  const origins = new Map(layers.map((layer) => [layer.path, layer.origin]))
  return (path) => origins.get(path) ?? (file === undefined ? path : `${file}: ${path}`)
}

function toErrors(issue: z.core.$ZodIssue, nameOf: (path: string) => string): HeartlineError[] {
  const path = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = siblingKeys(issue.path)
    return issue.keys.map((key) => {
      const where = nameOf(path === '' ? key : `${path}.${key}`)
      return new HeartlineError(serverErrors.configUnknownKey, {
        where,
        hint: nearestHint(key, known),
      })
    })
  }
  const where = nameOf(path)
  return [
    new HeartlineError(serverErrors.configInvalid, { where, reason: lowerFirst(issue.message) }),
  ]
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
