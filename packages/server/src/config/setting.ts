import type { z } from 'zod'
import { groupOf, groups, type Group } from './group.ts'
import type { SettingMeta } from './kinds.ts'
import { configSchema, namespaceKeys } from './schema.ts'

/** One leaf of the configuration. */
export interface Setting extends SettingMeta {
  /** e.g. `drain.deadlineMs`. */
  readonly path: string
  readonly group: Group
  readonly flag: string
  /** Environment variable derived from the path, e.g. `HEARTLINE_DRAIN_DEADLINE_MS`. */
  readonly variable: string
  /** Shorter environment variable derived from the flag, when it differs. */
  readonly variableAlias?: string | undefined
  /** As it would be written. Undefined: not set. */
  readonly default: unknown
  /** What an enumerated setting may be. */
  readonly choices?: readonly string[] | undefined
}

/** The part of a zod schema that is walked. */
interface SchemaNode {
  readonly def: {
    readonly type: string
    readonly shape?: Readonly<Record<string, SchemaNode>>
    readonly innerType?: SchemaNode
    readonly defaultValue?: unknown
    readonly entries?: Readonly<Record<string, string>>
  }
  meta(): unknown
}

/** All settings: group by group, and inside one in the order of the schema. */
export const settings: readonly Setting[] = collect(
  configSchema as z.ZodType & SchemaNode,
  [],
).toSorted((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group))

/** Names of the keys directly inside an object of the configuration, for hints. */
export function siblingKeys(path: readonly PropertyKey[]): string[] {
  if (path[0] === 'namespaces') return [...namespaceKeys]
  const prefix = path.length === 0 ? '' : `${path.join('.')}.`
  const inside = settings.filter((setting) => setting.path.startsWith(prefix))
  return [...new Set(inside.map((it) => it.path.slice(prefix.length).split('.')[0] ?? ''))]
}

function collect(node: SchemaNode, path: readonly string[]): Setting[] {
  const shape = unwrap(node).def.shape
  if (shape === undefined) return [describe(node, path)]
  return Object.entries(shape).flatMap(([key, child]) => collect(child, [...path, key]))
}

function unwrap(node: SchemaNode): SchemaNode {
  return node.def.innerType === undefined ? node : unwrap(node.def.innerType)
}

function describe(node: SchemaNode, path: readonly string[]): Setting {
  const meta = node.meta() as SettingMeta
  const words = path.map(kebab).join('-')
  const flag = meta.flag ?? `--${words}`
  const variable = variableName(words)
  const alias = variableName(flag.slice(2))
  const entries = unwrap(node).def.entries
  return {
    ...meta,
    path: path.join('.'),
    group: groupOf(path),
    flag,
    variable,
    variableAlias: alias === variable ? undefined : alias,
    default: node.def.type === 'prefault' ? node.def.defaultValue : undefined,
    choices: entries === undefined ? undefined : Object.values(entries),
  }
}

function variableName(words: string): string {
  return `HEARTLINE_${words.replaceAll('-', '_').toUpperCase()}`
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
